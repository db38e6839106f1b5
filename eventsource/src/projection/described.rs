//! What `#[projection]` states about a projection for the catalogue and for the compiler.

use crate::event::ProjectionDescriptor;

/// A projection that `#[projection]` made. It describes what it handles without an instance.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use eventsource::prelude::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced { total: u64 }
/// # #[derive(Clone, Default)]
/// # struct Revenue(u64);
/// # #[projection(name = "revenue")]
/// # impl Revenue {
/// #     #[handles(OrderPlaced)]
/// #     fn placed(&mut self, order: &OrderPlaced) { self.0 += order.total }
/// # }
/// use eventsource::projection::Projection;
///
/// assert_eq!(Revenue::DESCRIPTOR.name(), "revenue");
/// # }
/// ```
pub trait Projection {
    /// The entry of the catalogue.
    const DESCRIPTOR: ProjectionDescriptor;
}

/// States that `Self` handles `E` with its handler number `AT`. `#[projection]` implements it.
///
/// It is a bound where a projection must handle an event, so that the compiler rejects one that does not. Two handlers
/// for one event, one of them behind an alias of the type, would be two implementations of one trait. The number makes
/// them different, so that the compiler reports only the check that the macro generates. A caller leaves the number to
/// the compiler:
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use eventsource::prelude::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced { total: u64 }
/// # #[derive(Clone, Default)]
/// # struct Revenue(u64);
/// # #[projection(name = "revenue")]
/// # impl Revenue {
/// #     #[handles(OrderPlaced)]
/// #     fn placed(&mut self, order: &OrderPlaced) { self.0 += order.total }
/// # }
/// use eventsource::projection::Handles;
///
/// fn counts_orders<P: Handles<OrderPlaced, AT>, const AT: usize>(projection: P) -> P {
///     projection
/// }
///
/// let revenue = counts_orders(Revenue::default());
/// # let _ = revenue;
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "the projection `{Self}` does not handle `{E}`",
    label = "`{Self}` has no handler for it",
    note = "add a method with `#[handles({E})]` to the `#[projection]` block of `{Self}`, or leave the event out"
)]
pub trait Handles<E, const AT: usize> {}
