//! A fold: its options, and how it runs.

use std::fmt;

use super::source::Source;
use super::{Bound, FoldError, Scope};
use crate::backend::memory::{MemoryCheckpoints, MemoryUnit};
use crate::event::{EventFilter, Position};
use crate::projection::{CheckpointStore as _, EventSubscriber, UnitOfWork as _};
use crate::store::EventLog;

/// The number of events in a page, unless [`Fold::page`] sets another one.
const PAGE: usize = 1_000;

/// Folds the projection `P`, which starts as `P::default()`, over `log`, such as an event store. Without further options, the fold
/// reads the whole log up to its end at the time of [`run`](Fold::run).
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
    Fold {
        log,
        projection,
        scope: Scope::Filter(EventFilter::all()),
        after: None,
        until: None,
        page: PAGE,
        observe: None,
    }
}

/// A fold with its options, which [`project`] and [`project_from`] create. [`run`](Self::run) runs it.
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
    log: &'a dyn EventLog,
    projection: P,
    scope: Scope,
    after: Option<Bound>,
    until: Option<Bound>,
    page: usize,
    observe: Option<Box<dyn FnMut(FoldProgress) + Send + 'a>>,
}

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

impl<'a, P: EventSubscriber<MemoryUnit>> Fold<'a, P> {
    /// Begins the fold after a position or an instant: with the first event that is stored after it. Without it the
    /// fold begins with the first event.
    ///
    /// From an instant on, the log is read from its start, since only positions are indexed; so is a stream.
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
    /// # let store = MemoryEventStore::new();
    /// let today = chrono::Utc::now() - chrono::TimeDelta::hours(24);
    /// let revenue = project::<Revenue>(&store).after(today).run().await?.state;
    /// # assert_eq!(revenue.0, 0);
    /// # Ok::<(), eventsource::fold::FoldError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn after(mut self, start: impl Into<Bound>) -> Self {
        self.after = Some(start.into());
        self
    }

    /// Ends the fold at a position or an instant: with the last event that is stored at it or before it.
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
    /// let placed = NewEvent::of(&OrderPlaced { total: 100 })?;
    /// let first = store.append(&order, ExpectedVersion::Any, vec![placed]).await?;
    /// store.append(&order, ExpectedVersion::Any, vec![NewEvent::of(&OrderPlaced { total: 50 })?]).await?;
    /// let then = project::<Revenue>(&store).until(first.position()).run().await?;
    /// assert_eq!(then.state.0, 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn until(mut self, end: impl Into<Bound>) -> Self {
        self.until = Some(end.into());
        self
    }

    /// Reads only one stream, or the events that match a filter. The default is the whole log.
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
    /// let one_order = project::<Revenue>(&store).of(&order).run().await?;
    /// let one_tenant = project::<Revenue>(&store).of(EventFilter::all().tenant("acme")).run().await?;
    /// assert_eq!((one_order.events, one_tenant.events), (2, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn of(mut self, scope: impl Into<Scope>) -> Self {
        self.scope = scope.into();
        self
    }

    /// Sets the number of events in a page, 1,000 by default; 0 counts as 1. One page is in memory at a time.
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
    /// let revenue = project::<Revenue>(&store).page(1).run().await?;
    /// assert_eq!(revenue.state.0, 150);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn page(mut self, events: usize) -> Self {
        self.page = events.max(1);
        self
    }

    /// Calls `observe` after each page, such as to show a progress bar.
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
    /// let mut pages = 0;
    /// project::<Revenue>(&store).page(1).progress(|_| pages += 1).run().await?;
    /// assert_eq!(pages, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn progress(mut self, observe: impl FnMut(FoldProgress) + Send + 'a) -> Self {
        self.observe = Some(Box::new(observe));
        self
    }

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
