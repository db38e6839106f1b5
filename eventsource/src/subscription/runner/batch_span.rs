//! Applies one batch, in a span with links to the traces of its events ([`trace`](crate::trace)).

use std::sync::Arc;

use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use super::delivery::BatchOutcome;
use super::{End, Owner};
use crate::event::{Position, RecordedEvent};
use crate::projection::CheckpointStore;
use crate::subscription::observer::{BatchSource, FailureKind};

impl<C: CheckpointStore> Owner<'_, C> {
    /// Applies `events`, which is not empty, and moves the checkpoint to `to`.
    pub(super) async fn apply_batch(
        &mut self,
        events: &[Arc<RecordedEvent>],
        to: Position,
    ) -> Result<BatchOutcome, End> {
        let span = tracing::info_span!(
            parent: None,
            "batch",
            subscription = self.context.core.name,
            events = events.len(),
            first = events.first().map(|event| event.position().value()),
            to = to.value(),
            otel.name = %format_args!("process {}", self.context.core.observed_name()),
            otel.kind = "consumer",
            otel.status_code = Empty,
            messaging.system = "eventsource",
            messaging.operation.r#type = "process",
            messaging.destination.name = self.context.core.observed_name(),
            messaging.batch.message_count = events.len(),
            eventsource.links.left_out = Empty,
            error.r#type = Empty,
        );
        let left_out = self.context.core.link_batch(&span, events);
        if left_out > 0 {
            span.record("eventsource.links.left_out", left_out);
        }
        let (delivery, was_live) = (self.context.delivery, self.active.has_been_live);
        let outcome = delivery.apply(self, events, to).instrument(span.clone()).await;
        record_failure(&span, &outcome);
        self.tell_batch(BatchSource::Log, events, to, was_live, &outcome);
        outcome
    }
}

/// Marks the span of a batch that has failed.
fn record_failure(span: &Span, outcome: &Result<BatchOutcome, End>) {
    let kind = match outcome {
        Ok(BatchOutcome::Failed { error, .. } | BatchOutcome::InCompany { error, .. }) => FailureKind::of(error),
        Ok(BatchOutcome::Undone(_) | BatchOutcome::Outage { .. }) => FailureKind::Outage,
        Err(End::Faulted(failure)) => FailureKind::of(&failure.error),
        Ok(BatchOutcome::Applied | BatchOutcome::InParts | BatchOutcome::OneByOne(_)) | Err(_) => return,
    };
    span.record("otel.status_code", "ERROR");
    span.record("error.type", kind.as_str());
}
