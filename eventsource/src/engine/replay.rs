//! Replays: an engine is emptied, and the events are applied from the start.

use std::error::Error;
use std::sync::Arc;

use futures_core::Stream;

use super::state::sealed;
use super::{EngineError, EngineState, ProjectionEngine, ProjectionState};
use crate::event::{Position, RecordedEvent};
use crate::store::{EventLog, PAGE_BYTES, PageLimit};

/// The number of events after which a replay saves the progress.
const SAVE_AFTER: usize = 1_000;

/// The events of a replay that are applied at once.
#[derive(Default)]
struct Page {
    events: Vec<Arc<RecordedEvent>>,
    bytes: usize,
}

impl Page {
    /// Adds `event`. Returns whether the page is full.
    fn push(&mut self, event: Arc<RecordedEvent>) -> bool {
        self.bytes += event.size();
        self.events.push(event);
        self.events.len() >= SAVE_AFTER || self.bytes >= PAGE_BYTES
    }
}

impl<S: EngineState> ProjectionEngine<S> {
    /// Empties the engine and applies `events`, one page of at most 1,000 events and 8 MiB in memory at a time. Returns
    /// how many events the handlers have applied.
    ///
    /// `events` is any iterator over `Arc<RecordedEvent>`. For the log of a store use [`replay_log`](Self::replay_log),
    /// for events that are read asynchronously [`replay_stream`](Self::replay_stream).
    ///
    /// # Errors
    /// - [`EngineError::NoTruncateHook`] if the handlers write outside the engine and there is no hook: register one
    ///   with [`on_truncate`](Self::on_truncate). Nothing was changed.
    /// - [`EngineError::Truncate`] if a hook fails: the progress is unchanged, but the hooks before it have run. Replay
    ///   again.
    /// - [`EngineError::Handler`] and [`EngineError::State`] after the engine was emptied and the events before the
    ///   failure were applied: replay again.
    ///
    /// # Panics
    /// As [`handle_event`](Self::handle_event).
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct MoneyDeposited { cents: u64 }
    /// let mut engine = ProjectionEngine::new("total", MemoryProjectionStates::new())
    ///     .with_state(0)
    ///     .update::<MoneyDeposited>(|total, event| *total += event.cents);
    /// # let account = StreamId::new("Account", uuid::Uuid::nil());
    /// # let store = MemoryEventStore::new();
    /// # let [first, second] = [MoneyDeposited { cents: 500 }, MoneyDeposited { cents: 20 }];
    /// # let deposits = vec![NewEvent::of(&first)?, NewEvent::of(&second)?];
    /// # let appended = store.append(&account, ExpectedVersion::Any, deposits).await?;
    /// let applied = engine.replay(appended.events().iter().cloned()).await?;
    /// assert_eq!((applied, *engine.state()), (2, 520));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn replay(&mut self, events: impl IntoIterator<Item = Arc<RecordedEvent>>) -> Result<usize, EngineError> {
        self.empty().await?;
        let mut applied = 0;
        let mut page = Page::default();
        for event in events {
            if page.push(event) {
                applied += self.apply_page(&mut page).await?;
            }
        }
        Ok(applied + self.apply_page(&mut page).await?)
    }

    /// Empties the engine and applies the events of `events`, one page of at most 1,000 events and 8 MiB in memory at a
    /// time. Returns how many events the handlers have applied.
    ///
    /// # Errors
    /// Those of [`replay`](Self::replay), and [`EngineError::Source`] if the stream yields an error: the events before
    /// it are applied, so replay again.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(all(feature = "macros", feature = "sqlite"))]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct MoneyDeposited { cents: u64 }
    /// use std::convert::Infallible;
    ///
    /// use futures_util::stream;
    ///
    /// let mut engine = ProjectionEngine::new("total", MemoryProjectionStates::new())
    ///     .with_state(0)
    ///     .update::<MoneyDeposited>(|total, event| *total += event.cents);
    /// # let account = StreamId::new("Account", uuid::Uuid::nil());
    /// # let store = MemoryEventStore::new();
    /// # let [first, second] = [MoneyDeposited { cents: 500 }, MoneyDeposited { cents: 20 }];
    /// # let deposits = vec![NewEvent::of(&first)?, NewEvent::of(&second)?];
    /// # let appended = store.append(&account, ExpectedVersion::Any, deposits).await?;
    /// let events = stream::iter(appended.events().iter().cloned().map(Ok::<_, Infallible>));
    /// assert_eq!(engine.replay_stream(events).await?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn replay_stream<E>(
        &mut self,
        events: impl Stream<Item = Result<Arc<RecordedEvent>, E>> + Send,
    ) -> Result<usize, EngineError>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.empty().await?;
        let mut events = std::pin::pin!(events);
        let mut applied = 0;
        let mut page = Page::default();
        loop {
            let next = std::future::poll_fn(|context| events.as_mut().poll_next(context)).await;
            match next.map(|event| event.map_err(Into::into)) {
                Some(Ok(event)) => {
                    if page.push(event) {
                        applied += self.apply_page(&mut page).await?;
                    }
                }
                Some(Err(error)) => {
                    self.apply_page(&mut page).await?;
                    return Err(self.source(error));
                }
                None => return Ok(applied + self.apply_page(&mut page).await?),
            }
        }
    }

    async fn apply_page(&mut self, page: &mut Page) -> Result<usize, EngineError> {
        let applied = self.process_events(&page.events).await;
        *page = Page::default();
        applied
    }

    /// Empties the engine and applies the log of `store`, one page of at most 1,000 events and 8 MiB in memory at a
    /// time. Returns how many events the handlers have applied. It ends with the page that reaches the end that the log
    /// had when the replay began.
    ///
    /// # Errors
    /// Those of [`replay`](Self::replay), and [`EngineError::Source`] if the store fails: the engine was emptied and
    /// the pages before are applied, so replay again.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct MoneyDeposited { cents: u64 }
    /// let mut engine = ProjectionEngine::new("total", MemoryProjectionStates::new())
    ///     .with_state(0)
    ///     .update::<MoneyDeposited>(|total, event| *total += event.cents);
    /// # let account = StreamId::new("Account", uuid::Uuid::nil());
    /// # let store = MemoryEventStore::new();
    /// # let [first, second] = [MoneyDeposited { cents: 500 }, MoneyDeposited { cents: 20 }];
    /// # let deposits = vec![NewEvent::of(&first)?, NewEvent::of(&second)?];
    /// # let appended = store.append(&account, ExpectedVersion::Any, deposits).await?;
    /// assert_eq!(engine.replay_log(&store).await?, 2);
    /// assert_eq!(*engine.state(), 520);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn replay_log(&mut self, log: &impl EventLog) -> Result<usize, EngineError> {
        self.empty().await?;
        let filter = self.handlers.filter();
        let end = log.head().await.map_err(|error| self.source(error.into()))?;
        let mut after = Position::START;
        let mut applied = 0;
        loop {
            let limit = PageLimit::events(SAVE_AFTER).within_bytes(PAGE_BYTES);
            let page = log.read_log(after, &filter, limit).await.map_err(|error| self.source(error.into()))?;
            applied += self.process_events(&page.events).await?;
            if !page.is_full || page.horizon >= end {
                return Ok(applied);
            }
            after = page.horizon;
        }
    }

    fn source(&self, source: Box<dyn Error + Send + Sync>) -> EngineError {
        EngineError::Source { projection_id: self.projection_id.clone(), source }
    }

    /// Runs the truncate hooks, and forgets the progress.
    pub(super) async fn empty(&mut self) -> Result<(), EngineError> {
        if self.hooks.is_empty() && !<S as sealed::State>::RESETS_ITSELF {
            return Err(EngineError::NoTruncateHook { projection_id: self.projection_id.clone() });
        }
        for hook in &self.hooks {
            hook().map_err(|error| EngineError::Truncate { projection_id: self.projection_id.clone(), error })?;
        }
        self.state.reset();
        self.progress = Some(ProjectionState::new(&*self.projection_id));
        self.is_unsaved = true;
        Ok(self.save().await?)
    }
}
