//! A fold, and how it runs.

use std::fmt;

use super::source::Source;
use super::{Bound, FoldError, FoldProgress, Folded, Scope};
use crate::backend::memory::{MemoryCheckpoints, MemoryUnit};
use crate::event::{EventFilter, Position};
use crate::projection::{CheckpointStore as _, EventSubscriber, UnitOfWork as _};
use crate::store::EventLog;

/// The number of events in a page, unless [`Fold::page`] sets another one.
const PAGE: usize = 1_000;

/// A fold with its options, which [`project`](super::project) and [`project_from`](super::project_from) create.
/// [`run`](Self::run) runs it.
///
/// ```
/// # #[cfg(feature = "macros")]
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # use eventsource::fold::project;
/// # use eventsource::prelude::*;
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
/// # let (store, order) = (MemoryEventStore::new(), StreamId::new("Order", uuid::Uuid::nil()));
/// # let placed = NewEvent::of(&OrderPlaced { total: 100 })?;
/// # let first = store.append(&order, ExpectedVersion::Any, vec![placed]).await?;
/// # store.append(&order, ExpectedVersion::Any, vec![NewEvent::of(&OrderPlaced { total: 50 })?]).await?;
/// let fold = project::<Revenue>(&store).of(&order).after(first.position()).page(500);
/// assert_eq!(fold.run().await?.state.0, 50);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct Fold<'a, P> {
    pub(super) log: &'a dyn EventLog,
    pub(super) projection: P,
    pub(super) scope: Scope,
    pub(super) after: Option<Bound>,
    pub(super) until: Option<Bound>,
    pub(super) page: usize,
    pub(super) observe: Option<Box<dyn FnMut(FoldProgress) + Send + 'a>>,
}

impl<'a, P> Fold<'a, P> {
    /// Creates a fold over the whole log.
    pub(super) fn new(projection: P, log: &'a dyn EventLog) -> Self {
        Self {
            log,
            projection,
            scope: Scope::Filter(EventFilter::all()),
            after: None,
            until: None,
            page: PAGE,
            observe: None,
        }
    }
}

impl<P: EventSubscriber<MemoryUnit>> Fold<'_, P> {
    /// Runs the fold. Dropping the future cancels it; nothing is left behind.
    ///
    /// # Errors
    /// - [`FoldError::Store`] if the store fails: run the fold again.
    /// - [`FoldError::Handler`] if a handler fails or an event cannot be decoded. The event is not retried: correct the
    ///   handler, or end the fold before the event ([`until`](Self::until)).
    ///
    /// # Panics
    /// If a handler panics, except those of an engine: their panics are errors.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::fold::project;
    /// # use eventsource::prelude::*;
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
    /// # let (store, order) = (MemoryEventStore::new(), StreamId::new("Order", uuid::Uuid::nil()));
    /// # let placed = NewEvent::of(&OrderPlaced { total: 100 })?;
    /// # let first = store.append(&order, ExpectedVersion::Any, vec![placed]).await?;
    /// # store.append(&order, ExpectedVersion::Any, vec![NewEvent::of(&OrderPlaced { total: 50 })?]).await?;
    /// let folded = project::<Revenue>(&store).run().await?;
    /// println!("{} after {} events, at position {}", folded.state.0, folded.events, folded.position);
    /// # assert_eq!(folded.state.0, 150);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn run(self) -> Result<Folded<P>, FoldError> {
        let Self { log, projection, scope, after, until, page, mut observe } = self;
        let wanted = projection.subscribed_to();
        let mut source = Source::new(log, scope, [after, until], &wanted, page).await?;
        let mut unit = MemoryCheckpoints::new().detached();
        let mut folded = Folded { state: projection, position: Position::START, events: 0 };
        while let Some(events) = source.next().await? {
            for event in events.iter().filter(|event| wanted.matches(event)) {
                unit.begin_event(event);
                folded.state.handle(event, &mut unit).await.map_err(|error| FoldError::Handler {
                    projection: folded.state.name().into_owned(),
                    event_type: event.event_type().to_owned(),
                    position: event.position(),
                    stream: event.stream().clone(),
                    error,
                })?;
                folded.position = event.position();
                folded.events += 1;
            }
            folded.state.end_batch().await;
            if let Some(observe) = &mut observe {
                observe(FoldProgress { position: source.position, events: folded.events });
            }
        }
        Ok(folded)
    }
}

impl<P> fmt::Debug for Fold<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fold")
            .field("scope", &self.scope)
            .field("after", &self.after)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}
