//! Events handed to an engine by its caller, without a store and without a subscription.

use std::sync::Arc;

use super::state::{Failed, sealed};
use super::{EngineError, EngineState, Processed, ProjectionEngine, ProjectionState, ProjectionStateError};
use crate::event::RecordedEvent;
use crate::projection::ProjectionKind;

impl<S: EngineState> ProjectionEngine<S> {
    /// Loads the stored progress, unless it is loaded. Every other method does so by itself; call it to read the progress
    /// before the first event.
    ///
    /// # Errors
    /// [`ProjectionStateError`] if the store fails.
    pub async fn load(&mut self) -> Result<&ProjectionState, ProjectionStateError> {
        let progress = match self.progress.take() {
            Some(progress) => progress,
            // A state in memory is new in a new process, and so is its progress.
            None if <S as sealed::State>::KIND == ProjectionKind::Memory => ProjectionState::new(&*self.projection_id),
            None => match self.states.load(&self.projection_id).await? {
                Some(progress) => progress,
                None => ProjectionState::new(&*self.projection_id),
            },
        };
        Ok(self.progress.insert(progress))
    }

    /// Applies one event and saves the progress.
    ///
    /// # Errors
    /// [`EngineError`]. After [`EngineError::Handler`] the event is not passed: hand it to the engine again.
    pub async fn handle_event(&mut self, event: &Arc<RecordedEvent>) -> Result<Processed, EngineError> {
        let processed = self.process(event).await;
        self.saved(processed).await
    }

    /// Applies `events` in their order, up to the first that fails, and saves the progress once. Returns how many events the
    /// handlers have applied; events without a handler and repeated events do not count.
    ///
    /// # Errors
    /// [`EngineError`]. The events before the one that failed are applied.
    pub async fn process_events(&mut self, events: &[Arc<RecordedEvent>]) -> Result<usize, EngineError> {
        let mut applied = 0;
        let mut processed = Ok(());
        for event in events {
            match self.process(event).await {
                Ok(outcome) => applied += usize::from(outcome == Processed::Applied),
                Err(error) => {
                    processed = Err(error);
                    break;
                }
            }
        }
        self.saved(processed).await?;
        Ok(applied)
    }

    /// Applies `event`. The progress is not saved.
    pub(super) async fn process(&mut self, event: &Arc<RecordedEvent>) -> Result<Processed, EngineError> {
        if event.position() <= self.load().await?.position {
            return Ok(Processed::Repeated);
        }
        let is_handled = !self.handlers.of(event.event_type()).is_empty();
        let done = match is_handled {
            true => self.state.apply(&self.handlers, event).await,
            false => Ok(()),
        };
        let new = || ProjectionState::new(&*self.projection_id);
        let progress = self.progress.get_or_insert_with(new);
        self.is_unsaved = true;
        let Err(Failed { handler, error, is_state_lost }) = done else {
            progress.pass(event.id(), event.position(), is_handled);
            return Ok(if is_handled { Processed::Applied } else { Processed::PassedOver });
        };
        if is_state_lost {
            *progress = ProjectionState { error_count: progress.error_count, ..new() };
        }
        progress.fail(error.to_string());
        Err(EngineError::Handler {
            projection_id: self.projection_id.clone(),
            handler: handler + 1,
            event_type: event.event_type().to_owned(),
            position: event.position(),
            stream: event.stream().clone(),
            error,
        })
    }

    /// Saves the progress, if it has changed. An error of a handler comes first: its caller needs it most.
    async fn saved<T>(&mut self, processed: Result<T, EngineError>) -> Result<T, EngineError> {
        match (processed, self.save().await) {
            (Ok(processed), saved) => Ok(saved.map(|()| processed)?),
            (Err(error), Ok(())) => Err(error),
            (Err(error), Err(unsaved)) => {
                tracing::warn!(projection = self.projection_id, error = %unsaved, "the progress was not saved");
                Err(error)
            }
        }
    }

    /// Saves the progress, if it has changed.
    pub(super) async fn save(&mut self) -> Result<(), ProjectionStateError> {
        if let (true, Some(progress)) = (self.is_unsaved, &self.progress) {
            self.states.save(progress).await?;
            self.is_unsaved = false;
        }
        Ok(())
    }
}
