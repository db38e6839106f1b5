//! The macro of events.

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
