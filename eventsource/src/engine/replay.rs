//! Replays: an engine is emptied, and the events are applied from the start.

use std::error::Error;
use std::sync::Arc;

use futures_core::Stream;

use super::state::sealed;
use super::{EngineError, EngineState, ProjectionEngine, ProjectionState};
use crate::event::{Position, RecordedEvent};
use crate::store::{EventStore, PAGE_BYTES, PageLimit};

/// The number of events after which a replay saves the progress.
const SAVE_AFTER: usize = 1_000;

impl<S: EngineState> ProjectionEngine<S> {
    /// Empties the engine and applies `events`. Returns how many events the handlers have applied.
    ///
    /// `events` is any iterator over `Arc<RecordedEvent>`; for a log that does not fit into memory use
    /// [`replay_log`](Self::replay_log) or [`replay_stream`](Self::replay_stream).
    ///
    /// [`EngineError::NoTruncateHook`] and [`EngineError::Truncate`] if the engine cannot be emptied; then nothing was
    /// changed. [`EngineError::Handler`] and [`EngineError::State`] after the engine was emptied and the events before
    /// the failure were applied: replay again.
    pub async fn replay(&mut self, events: impl IntoIterator<Item = Arc<RecordedEvent>>) -> Result<usize, EngineError> {
        self.empty().await?;
        let mut applied = 0;
        let mut page = Vec::new();
        let mut events = events.into_iter();
        loop {
            page.extend(events.by_ref().take(SAVE_AFTER));
            if page.is_empty() {
                return Ok(applied);
            }
            applied += self.process_events(&page).await?;
            page.clear();
        }
    }

    /// Empties the engine and applies the events of a stream, with at most 1,000 events or 8 MiB in memory at a time.
    /// Returns how many events the handlers have applied.
    ///
    /// # Errors
    /// As [`replay`](Self::replay); [`EngineError::Source`] if the stream yields an error.
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
        let mut bytes = 0;
        let mut page = Vec::new();
        loop {
            let next = std::future::poll_fn(|context| events.as_mut().poll_next(context)).await;
            let is_end = next.is_none();
            match next.transpose() {
                Ok(event) => {
                    bytes += event.as_ref().map_or(0, |event| event.size());
                    page.extend(event);
                }
                Err(error) => {
                    self.process_events(&page).await?;
                    return Err(self.source(error.into()));
                }
            }
            if is_end || page.len() >= SAVE_AFTER || bytes >= PAGE_BYTES {
                applied += self.process_events(&page).await?;
                bytes = 0;
                page.clear();
            }
            if is_end {
                return Ok(applied);
            }
        }
    }

    /// Empties the engine and applies the log of `store` up to its current end, with one page of at most 1,000 events
    /// and 8 MiB in memory at a time. Returns how many events the handlers have applied.
    ///
    /// # Errors
    /// As [`replay`](Self::replay); [`EngineError::Source`] if the store fails.
    pub async fn replay_log(&mut self, store: &impl EventStore) -> Result<usize, EngineError> {
        self.empty().await?;
        let filter = self.handlers.filter();
        let mut after = Position::START;
        let mut applied = 0;
        loop {
            let limit = PageLimit::events(SAVE_AFTER).within_bytes(PAGE_BYTES);
            let page = store.read_log(after, &filter, limit).await.map_err(|error| self.source(error.into()))?;
            applied += self.process_events(&page.events).await?;
            if !page.is_full {
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
