//! The macros, with the examples that the macro crate itself cannot compile (feature `macros`).

/// Stores an enum without fields in a text column. Each variant is stored by its name.
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
/// Makes a struct an event: a fact that an aggregate emits. It is stored as JSON, under a name that never changes.
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
/// /// The payload of version 1.
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
/// An event must name the aggregate that emits it. This does not compile:
///
/// ```compile_fail
/// #[derive(serde::Serialize, serde::Deserialize, eventsource::DomainEvent)]
/// struct OrderPlaced {
///     total: u64,
/// }
/// ```
pub use eventsource_macros::DomainEvent;
/// Makes a struct a row of a read model. Its fields are the columns of a table, and a
/// [`Repository`](crate::Repository) reads and writes its rows.
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
///     total: i64, // in cents
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
/// Makes a type an aggregate: each method with `#[applies(SomeEvent)]` changes the state for one event.
///
/// See [`aggregate`](mod@crate::aggregate) for a larger example.
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
///     // Other methods decide. They can be in the same block.
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
/// An event has already happened, so it cannot be refused. This does not compile:
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
/// Applies one event to the state of an aggregate. It is an attribute of a method in an
/// [`#[aggregate]`](macro@aggregate) block.
///
/// ```
/// use eventsource::{AggregateRoot, DomainEvent, aggregate};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Account")]
/// struct Deposited { amount: u64 }
///
/// #[derive(Default)]
/// struct Account { balance: u64 }
///
/// #[aggregate]
/// impl Account {
///     #[applies(Deposited)]
///     fn deposited(&mut self, event: &Deposited) { self.balance += event.amount }
/// }
///
/// let mut account = AggregateRoot::<Account>::new(uuid::Uuid::now_v7());
/// account.record(Deposited { amount: 5 });
/// assert_eq!(account.balance, 5);
/// ```
pub use eventsource_macros::applies;
/// Handles one event of a projection. It is an attribute of a method in a [`#[projection]`](macro@projection) block.
///
/// ```
/// use eventsource::{DomainEvent, Event, StreamId, projection};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderPlaced { total: u64 }
///
/// #[derive(Default)]
/// struct Largest { total: u64, order: Option<StreamId> }
///
/// #[projection]
/// impl Largest {
///     // The event, then a part of the stored event.
///     #[handles(OrderPlaced)]
///     fn placed(&mut self, event: &Event<OrderPlaced>, stream: &StreamId) {
///         if event.total > self.total {
///             self.total = event.total;
///             self.order = Some(stream.clone());
///         }
///     }
/// }
/// ```
pub use eventsource_macros::handles;
/// Makes a type a projection: each method with `#[handles(SomeEvent)]` handles one event, in the order of the log.
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
///     // The typed view of the event, and a part of the stored event.
///     #[handles(OrderPlaced)]
///     async fn placed(&mut self, event: &Event<OrderPlaced>, metadata: &Metadata) -> Result<(), HandlerError> {
///         // Calls that can fail come before the first change.
///         let revenue = self.revenue.checked_add(event.total).ok_or_else(|| HandlerError::permanent("too much"))?;
///         if metadata.get_actor() != Some("a test") {
///             (self.open, self.revenue) = (self.open + 1, revenue);
///         }
///         Ok(())
///     }
///
///     // A handler can also take the payload only, and needs neither `async` nor a result.
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
/// // Durable memory: the state is stored with its checkpoint, and survives a restart.
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
/// The attributes inside the block need no import.
///
/// A handler that takes a connection cannot change fields, because a rollback does not undo such a change. This does
/// not compile:
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
/// Empties a projection before a reset or a rebuild in place. It is an attribute of a method in a
/// [`#[projection]`](macro@projection) block.
///
/// A projection that declares its read models (`read_models(…)`) needs none for their tables. A memory projection that
/// is `Clone` needs none for a rebuild.
///
/// ```
/// use eventsource::{DomainEvent, projection};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderPlaced { total: u64 }
///
/// #[derive(Default)]
/// struct Revenue(u64);
///
/// #[projection]
/// impl Revenue {
///     #[handles(OrderPlaced)]
///     fn placed(&mut self, order: &OrderPlaced) { self.0 += order.total }
///
///     #[truncate]
///     fn empty(&mut self) { self.0 = 0 }
/// }
/// ```
pub use eventsource_macros::truncate;
