//! Begins a fold: from the default of a projection, or from a value of it.

use super::Fold;
use crate::backend::memory::MemoryUnit;
use crate::projection::EventSubscriber;
use crate::store::EventLog;

/// Folds the projection `P`, which starts as `P::default()`, over `log`, such as an event store. Without further
/// options, the fold reads the whole log up to its end at the time of [`run`](Fold::run).
///
/// `P` keeps its state in memory: a `#[projection]` whose handlers take `&mut self`, the
/// [`Aggregates`](super::Aggregates) of a type, or an [engine](crate::engine::ProjectionEngine) with a state (by
/// [`project_from`]). Others do not compile.
///
/// ```
/// # #[cfg(feature = "macros")]
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use eventsource::fold::project;
/// use eventsource::prelude::*;
/// use serde::{Deserialize, Serialize};
/// use uuid::Uuid;
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderPlaced { total: u64 }
///
/// #[derive(Clone, Default)]
/// struct Revenue(u64);
///
/// #[projection]
/// impl Revenue {
///     #[handles(OrderPlaced)]
///     fn placed(&mut self, order: &OrderPlaced) { self.0 += order.total }
/// }
///
/// let store = MemoryEventStore::new();
/// let order = StreamId::new("Order", Uuid::now_v7());
/// let first = store.append(&order, ExpectedVersion::Any, vec![NewEvent::of(&OrderPlaced { total: 100 })?]).await?;
/// store.append(&order, ExpectedVersion::Any, vec![NewEvent::of(&OrderPlaced { total: 50 })?]).await?;
///
/// assert_eq!(project::<Revenue>(&store).run().await?.state.0, 150);
/// assert_eq!(project::<Revenue>(&store).until(first.position()).run().await?.state.0, 100);
/// assert_eq!(project::<Revenue>(&store).of(&order).run().await?.events, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[must_use = "a fold reads nothing before it is run"]
pub fn project<P>(log: &dyn EventLog) -> Fold<'_, P>
where
    P: EventSubscriber<MemoryUnit> + Default,
{
    project_from(P::default(), log)
}

/// Folds like [`project`], but starts with `projection`.
///
/// ```
/// # #[cfg(feature = "macros")]
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// use eventsource::fold::project_from;
/// use eventsource::prelude::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced { total: u64 }
///
/// # let store = MemoryEventStore::new();
/// let revenue = ProjectionEngine::new("revenue", MemoryProjectionStates::new())
///     .with_state(0)
///     .update::<OrderPlaced>(|revenue, order| *revenue += order.total);
/// let folded = project_from(revenue, &store).run().await?;
/// assert_eq!(*folded.state.state(), 0);
/// # Ok::<(), eventsource::fold::FoldError>(())
/// # }).unwrap();
/// ```
#[must_use = "a fold reads nothing before it is run"]
pub fn project_from<P: EventSubscriber<MemoryUnit>>(projection: P, log: &dyn EventLog) -> Fold<'_, P> {
    const {
        assert!(
            P::KIND.facts().keeps_state,
            "a fold keeps the projection's state in memory: its handlers take `&mut self` and ask for nothing that is lent"
        );
    }
    Fold::new(projection, log)
}
