//! The macros of projections.

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
