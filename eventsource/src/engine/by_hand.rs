//! Events that the caller gives to an engine, without a store and without a subscription.

use std::sync::Arc;

use super::state::{Failed, sealed};
use super::{EngineError, EngineState, Processed, ProjectionEngine, ProjectionState, ProjectionStateError};
use crate::causes::WithCauses;
use crate::event::RecordedEvent;
use crate::projection::{Delivered, ProjectionKind};

/// The caller of an engine, which learns that a handler failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// The program: the engine logs the failure as an error.
    Program,
    /// A subscription or a fold, which reports the failure itself.
    Runtime,
}

impl<S: EngineState> ProjectionEngine<S> {
    /// Loads the stored progress, if it is not loaded yet, and returns it. The methods that apply events load it
    /// themselves: call this to read the progress before the first event.
    ///
    /// The progress of an engine with a state is not loaded. It starts empty in each process, like the state.
    ///
    /// # Errors
    /// - [`ProjectionStateError::Failed`] if the store fails: call it again.
    /// - [`ProjectionStateError::Corrupt`] if the stored progress cannot be read: delete its row and replay.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    ///
    /// let mut engine = ProjectionEngine::new("orders", MemoryProjectionStates::new());
    /// assert!(engine.progress().is_none());
    /// assert_eq!(engine.load().await?.events_processed, 0);
    /// # Ok::<(), eventsource::engine::ProjectionStateError>(())
    /// # }).unwrap();
    /// ```
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

    /// Applies one event and saves the progress. An event that is not after the last one is passed over
    /// ([`Processed::Repeated`]).
    ///
    /// ```
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use eventsource::engine::{MemoryProjectionStates, Processed, ProjectionEngine};
    /// use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct MoneyDeposited { cents: u64 }
    ///
    /// let mut engine = ProjectionEngine::new("total", MemoryProjectionStates::new())
    ///     .with_state(0)
    ///     .update::<MoneyDeposited>(|total, event| *total += event.cents);
    /// # let account = StreamId::new("Account", uuid::Uuid::nil());
    /// # let deposit = NewEvent::of(&MoneyDeposited { cents: 500 })?;
    /// # let appended = MemoryEventStore::new().append(&account, ExpectedVersion::Any, vec![deposit]).await?;
    /// # let event = &appended.events()[0];
    /// assert_eq!(engine.handle_event(event).await?, Processed::Applied);
    /// assert_eq!(engine.handle_event(event).await?, Processed::Repeated);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// - [`EngineError::Handler`] if a handler fails or the event cannot be decoded: the event is not done, so give it
    ///   to the engine again. If the engine could not restore its state, the state and the progress start again, and
    ///   [`progress`](Self::progress) is at position 0: replay the events.
    /// - [`EngineError::State`] if the progress cannot be loaded or saved: give the event to the engine again. An event
    ///   that was applied is passed over, and the progress is saved.
    ///
    /// # Panics
    /// If a handler of an engine without a state panics. With a state, a panic is an [`EngineError::Handler`].
    pub async fn handle_event(&mut self, event: &Arc<RecordedEvent>) -> Result<Processed, EngineError> {
        let processed = self.process(event, Caller::Program).await;
        self.saved(processed).await
    }

    /// Applies `events` in their order, up to the first event that fails, and saves the progress once. Returns how many
    /// events the handlers have applied; events without a handler and repeated events do not count.
    ///
    /// # Errors
    /// Those of [`handle_event`](Self::handle_event). The events before the failed one are applied: give all events to
    /// the engine again, and it passes these over.
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
    /// assert_eq!(engine.process_events(appended.events()).await?, 2);
    /// assert_eq!(engine.process_events(appended.events()).await?, 0, "an event is applied once");
    /// assert_eq!(*engine.state(), 520);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn process_events(&mut self, events: &[Arc<RecordedEvent>]) -> Result<usize, EngineError> {
        let mut applied = 0;
        let mut processed = Ok(());
        for event in events {
            match self.process(event, Caller::Program).await {
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
    pub(super) async fn process(
        &mut self,
        event: &Arc<RecordedEvent>,
        caller: Caller,
    ) -> Result<Processed, EngineError> {
        // An event of a dead letter is before events that were applied, and was not applied itself.
        if event.position() <= self.load().await?.position && self.delivered == Delivered::Log {
            return Ok(Processed::Repeated);
        }
        let is_handled = !self.handlers.of(event.event_type()).is_empty();
        let done = match is_handled {
            true => self.state.apply(&self.projection_id, &self.handlers, event).await,
            false => Ok(()),
        };
        let new = || ProjectionState::new(&*self.projection_id);
        let progress = self.progress.get_or_insert_with(new);
        self.is_unsaved = true;
        let Err(Failed { handler, error, is_state_lost, span }) = done else {
            progress.pass(event.id(), event.position(), is_handled);
            return Ok(if is_handled { Processed::Applied } else { Processed::PassedOver });
        };
        if is_state_lost {
            *progress = ProjectionState { error_count: progress.error_count, ..new() };
        }
        progress.fail(error.to_string());
        let handler = handler + 1;
        if caller == Caller::Program {
            span.in_scope(|| {
                tracing::error!(
                    projection = self.projection_id,
                    event_type = event.event_type(),
                    position = event.position().value(),
                    handler,
                    %error,
                    "a handler failed"
                );
            });
        }
        Err(EngineError::Handler {
            projection_id: self.projection_id.clone(),
            handler,
            event_type: event.event_type().to_owned(),
            position: event.position(),
            stream: event.stream().clone(),
            error,
        })
    }

    /// Saves the progress, if it has changed. If a handler failed as well, its error is returned, and this one is
    /// logged.
    async fn saved<T>(&mut self, processed: Result<T, EngineError>) -> Result<T, EngineError> {
        match (processed, self.save().await) {
            (Ok(processed), saved) => Ok(saved.map(|()| processed)?),
            (Err(error), Ok(())) => Err(error),
            (Err(error), Err(unsaved)) => {
                tracing::warn!(
                    projection = self.projection_id,
                    error = %WithCauses(&unsaved),
                    "the progress was not saved"
                );
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
