//! The result and the progress of a fold.

use crate::event::Position;

/// The progress of a fold.
///
/// ```
/// # #[cfg(feature = "macros")]
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::fold::project;
/// use eventsource::prelude::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced { total: u64 }
/// # #[derive(Clone, Default)]
/// # struct Revenue(u64);
/// # #[projection]
/// # impl Revenue {
/// #     #[handles(OrderPlaced)]
/// #     fn placed(&mut self, order: &OrderPlaced) { self.0 += order.total }
/// # }
///
/// # let store = MemoryEventStore::new();
/// let fold = project::<Revenue>(&store).page(100).progress(|progress| println!("at {}", progress.position));
/// assert_eq!(fold.run().await?.state.0, 0);
/// # Ok::<(), eventsource::fold::FoldError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoldProgress {
    /// The position up to which the log is read.
    pub position: Position,
    /// How many events the projection has applied.
    pub events: u64,
}

/// The result of a fold.
///
/// ```
/// use eventsource::fold::Folded;
///
/// /// Returns the mean of what was folded.
/// fn per_event(folded: &Folded<u64>) -> Option<u64> {
///     folded.state.checked_div(folded.events)
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Folded<P> {
    /// The projection after the last event.
    pub state: P,
    /// The position of the last event that was applied; [`Position::START`] if there was none.
    pub position: Position,
    /// How many events the projection has applied.
    pub events: u64,
}
