//! An engine as a subscriber: it runs in a subscription like any projection.

use std::borrow::Cow;
use std::sync::Arc;

use super::by_hand::Caller;
use super::state::sealed;
use super::{EngineError, EngineState, ProjectionEngine};
use crate::causes::WithCauses;
use crate::event::{EventFilter, RecordedEvent};
use crate::projection::{
    Delivered, EventSubscriber, HandlerError, NoTruncateHook, ProjectionKind, Subscriber, UnitOfWork,
};

impl<S: EngineState + Clone> Subscriber for ProjectionEngine<S> {
    const KIND: ProjectionKind = <S as sealed::State>::KIND;

    fn name(&self) -> Cow<'static, str> {
        self.projection_id.clone().into()
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn subscribed_to(&self) -> EventFilter {
        self.handlers.filter()
    }

    fn not_tried(&self) -> Option<Cow<'static, str>> {
        Some("an engine stores its progress by itself".into())
    }

    fn pristine(&self) -> Option<Self> {
        let mut pristine = self.clone();
        pristine.state.reset();
        pristine.progress = None;
        Some(pristine)
    }
}

// Otherwise the compiler would suggest it for every type that is not a subscriber.
#[diagnostic::do_not_recommend]
impl<U: UnitOfWork, S: EngineState + Clone> EventSubscriber<U> for ProjectionEngine<S> {
    async fn handle(&mut self, event: &Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
        match self.process(event, Caller::Runtime).await {
            Ok(_) => Ok(()),
            Err(error) => {
                self.save_or_warn().await;
                Err(handler_error(error))
            }
        }
    }

    fn begin_batch(&mut self, from: Delivered) {
        self.delivered = from;
    }

    async fn end_batch(&mut self) {
        self.delivered = Delivered::Log;
        self.save_or_warn().await;
    }

    async fn truncate(&mut self, _: &mut U) -> Result<(), HandlerError> {
        self.empty().await.map_err(handler_error)
    }
}

impl<S: EngineState> ProjectionEngine<S> {
    /// Saves the progress. If that fails, the next batch saves it: the checkpoint of the subscription is what counts.
    async fn save_or_warn(&mut self) {
        if let Err(error) = self.save().await {
            tracing::warn!(projection = self.projection_id, error = %WithCauses(&error), "the progress was not saved");
        }
    }
}

/// Returns the error of the handler, if there is one: the subscription adds the event.
fn handler_error(error: EngineError) -> HandlerError {
    match error {
        EngineError::Handler { error, .. } | EngineError::Truncate { error, .. } => error,
        EngineError::NoTruncateHook { .. } => HandlerError::permanent(NoTruncateHook),
        error => HandlerError::transient(error),
    }
}
