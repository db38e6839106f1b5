//! The macros, with the examples that the macro crate itself cannot compile (feature `macros`).

/// Stores an enum without fields in a column, each variant by its name.
///
/// ```
/// use eventsource::read_model::{ColumnType, ReadModel, Value};
///
/// #[derive(Debug, Clone, Copy, PartialEq, ColumnType)]
/// #[column_type(rename_all = "snake_case")]
/// enum Status {
///     Placed,
///     InTransit,
///     #[column_type(rename = "gone")]
///     Cancelled,
/// }
///
/// #[derive(ReadModel)]
/// struct OrderRow {
///     #[read_model(id)]
///     id: u64,
///     #[read_model(index)]
///     status: Status,
///     before: Option<Status>,
/// }
///
/// let moving = OrderRow::STATUS.eq(Status::InTransit);
/// assert!(matches!(Status::InTransit.to_value(), Ok(Value::Text(text)) if text == "in_transit"));
/// let error = Status::from_value(Value::Text("lost".to_owned())).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "`lost` is not a variant of `Status`, whose variants are `placed`, `in_transit`, `gone`"
/// );
/// ```
pub use eventsource_macros::ColumnType;
/// Makes a struct an event: a fact that an aggregate emits, stored as JSON under a name that does not change.
///
/// ```
/// use eventsource::DomainEvent;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderPlaced {
///     total: u64,
/// }
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order", name = "order.shipped", version = 2, from(OrderShippedV1))]
/// struct OrderShipped {
///     carrier: Option<String>,
/// }
///
/// /// What version 1 looked like.
/// #[derive(Deserialize)]
/// struct OrderShippedV1 {}
///
/// impl From<OrderShippedV1> for OrderShipped {
///     fn from(_: OrderShippedV1) -> Self {
///         Self { carrier: None }
///     }
/// }
///
/// assert_eq!((OrderPlaced::NAME, OrderPlaced::VERSION), ("OrderPlaced", 1));
/// assert_eq!((OrderShipped::NAME, OrderShipped::VERSION), ("order.shipped", 2));
/// assert!(OrderShipped::upcast(1, "{}").is_some());
/// ```
///
/// An event says which aggregate emits it:
///
/// ```compile_fail
/// #[derive(serde::Serialize, serde::Deserialize, eventsource::DomainEvent)]
/// struct OrderPlaced {
///     total: u64,
/// }
/// ```
pub use eventsource_macros::DomainEvent;
/// Makes a struct a row of a read model: a table whose columns are its fields, kept and queried through a repository.
///
/// ```
/// use chrono::{DateTime, Utc};
/// use eventsource::read_model::{ColumnKind, ReadModel};
/// use serde::{Deserialize, Serialize};
/// use uuid::Uuid;
///
/// #[derive(Serialize, Deserialize)]
/// struct Line {
///     article: String,
///     count: u32,
/// }
///
/// #[derive(ReadModel)]
/// #[read_model(table = "orders")]
/// struct OrderRow {
///     #[read_model(id)]
///     id: Uuid,
///     #[read_model(column = "customer", index)]
///     customer_name: String,
///     total: f64,
///     shipped_at: Option<DateTime<Utc>>,
///     #[read_model(json)]
///     lines: Vec<Line>,
/// }
///
/// let table = OrderRow::TABLE;
/// assert_eq!((table.name, table.columns[1].name, table.columns[4].kind), ("orders", "customer", ColumnKind::Json));
/// assert_eq!(OrderRow::CUSTOMER_NAME.name(), "customer");
/// ```
pub use eventsource_macros::ReadModel;
/// Makes an impl block the write side of a type: what each of its events does to its state.
///
/// ```
/// use eventsource::{AggregateRoot, DomainEvent, aggregate};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Account")]
/// struct Deposited {
///     amount: u64,
/// }
///
/// #[derive(Default)]
/// struct Account {
///     balance: u64,
/// }
///
/// #[aggregate]
/// impl Account {
///     // What decides stands beside what applies.
///     fn deposit(&self, amount: u64) -> Result<Deposited, &'static str> {
///         if amount == 0 { Err("nothing to deposit") } else { Ok(Deposited { amount }) }
///     }
///
///     #[applies(Deposited)]
///     fn deposited(&mut self, event: &Deposited) {
///         self.balance += event.amount;
///     }
/// }
///
/// let mut account = AggregateRoot::<Account>::new(uuid::Uuid::now_v7());
/// account.record(account.deposit(5)?);
/// assert_eq!(account.balance, 5);
/// # Ok::<(), &'static str>(())
/// ```
///
/// What happened cannot be refused:
///
/// ```compile_fail
/// # #[derive(serde::Serialize, serde::Deserialize, eventsource::DomainEvent)]
/// # #[event(aggregate = "Account")]
/// # struct Deposited {}
/// # #[derive(Default)]
/// # struct Account;
/// #[eventsource::aggregate]
/// impl Account {
///     #[applies(Deposited)]
///     fn deposited(&mut self, _: &Deposited) -> Result<(), String> { Ok(()) }
/// }
/// ```
pub use eventsource_macros::aggregate;
pub use eventsource_macros::applies;
pub use eventsource_macros::handles;
/// Makes an impl block a projection: its methods handle events, in the order of the log, and keep a read model.
///
/// ```
/// use eventsource::projection::{ProjectionKind, Subscriber};
/// use eventsource::{DomainEvent, Event, HandlerError, Metadata, projection};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderPlaced {
///     total: u64,
/// }
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderCancelled {}
///
/// #[derive(Default)]
/// struct Summary {
///     open: u64,
///     revenue: u64,
/// }
///
/// #[projection(name = "order-summary")]
/// impl Summary {
///     // The typed view of the event, and something that the stored event knows.
///     #[handles(OrderPlaced)]
///     async fn placed(&mut self, event: &Event<OrderPlaced>, metadata: &Metadata) -> Result<(), HandlerError> {
///         // What can fail comes before the first change.
///         let revenue = self.revenue.checked_add(event.total).ok_or_else(|| HandlerError::permanent("too much"))?;
///         if metadata.get_actor() != Some("a test") {
///             (self.open, self.revenue) = (self.open + 1, revenue);
///         }
///         Ok(())
///     }
///
///     // The bare payload, no `async` and no result are fine too.
///     #[handles(OrderCancelled)]
///     fn cancelled(&mut self, _: &OrderCancelled) {
///         self.open -= 1;
///     }
///
///     #[truncate]
///     fn truncate(&mut self) {
///         *self = Self::default();
///     }
/// }
///
/// assert_eq!(Summary::KIND, ProjectionKind::Memory);
/// assert_eq!(Summary::default().name(), "order-summary");
///
/// // Memory that outlives the process: its state is stored with its checkpoint.
/// #[derive(Serialize, Deserialize)]
/// struct Revenue(u64);
///
/// #[projection(snapshot, version = 2)]
/// impl Revenue {
///     #[handles(OrderPlaced)]
///     fn placed(&mut self, event: &OrderPlaced) {
///         self.0 += event.total;
///     }
/// }
///
/// assert_eq!(Revenue::KIND, ProjectionKind::DurableMemory);
/// ```
///
/// The marks inside of the block need no import.
///
/// In a transaction no field is changed, since nobody would roll it back:
///
/// ```compile_fail
/// # #[derive(serde::Serialize, serde::Deserialize, eventsource::DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced {}
/// # struct Connection;
/// struct Rows(u64);
///
/// #[eventsource::projection]
/// impl Rows {
///     #[handles(OrderPlaced)]
///     async fn placed(&mut self, _: &OrderPlaced, connection: &mut Connection) {}
/// }
/// ```
pub use eventsource_macros::projection;
pub use eventsource_macros::truncate;
