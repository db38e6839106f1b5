//! Appends: measured, in a span, with the context of the trace.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};
use uuid::Uuid;

use super::Observed;
use super::observer::{AppendFailure, AppendSeen};
use crate::event::{NewEvent, RecordedEvent, StreamId};
use crate::store::{
    AppendError, Appended, EventStore, ExpectedVersion, LoadSeen, ReadStream, StoreError, StoredStream, StreamAppend,
};

/// The name of the destination of an append to aggregates of several types.
const SEVERAL: &str = "several types";

/// Creates the span of an append.
fn span_of(aggregate_type: Option<&str>, events: usize, first: Option<&NewEvent>) -> Span {
    let aggregate_type = aggregate_type.unwrap_or(SEVERAL);
    let span = tracing::info_span!(
        "append",
        otel.name = %format_args!("send {aggregate_type}"),
        otel.kind = "producer",
        otel.status_code = Empty,
        messaging.system = "eventsource",
        messaging.operation.r#type = "send",
        messaging.destination.name = aggregate_type,
        messaging.batch.message_count = events,
        messaging.message.conversation_id = Empty,
        error.r#type = Empty,
    );
    if let Some(id) = first.filter(|_| !span.is_disabled()).and_then(|event| event.metadata().get_correlation_id()) {
        span.record("messaging.message.conversation_id", tracing::field::display(id));
    }
    span
}

impl<S> Observed<S> {
    /// Gives `events` the context of `span`, unless they have one.
    fn stamp(&self, span: &Span, events: &mut Vec<NewEvent>) {
        let Some(parent) = self.traces.as_ref().and_then(|traces| span.in_scope(|| traces.current())) else { return };
        let stamped = std::mem::take(events).into_iter().map(|event| {
            let metadata = parent.stamp(event.metadata().clone());
            event.with_metadata(metadata)
        });
        *events = stamped.collect();
    }

    /// Tells of an append that has ended.
    fn tell_append(
        &self,
        span: &Span,
        aggregate_type: Option<&str>,
        begun: Instant,
        stored: Result<&[Appended], &AppendError>,
    ) {
        let failure = stored.err().map(AppendFailure::of);
        if let Some(failure) = failure {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", failure.as_str());
        }
        if self.observers.is_empty() {
            return;
        }
        let events = stored.unwrap_or_default().iter().flat_map(Appended::events);
        let event_types: Vec<_> = events.map(|event| event.event_type()).collect();
        let seen = AppendSeen { aggregate_type, event_types: &event_types, duration: begun.elapsed(), failure };
        self.tell(|observer| observer.appended(&seen));
    }
}

#[async_trait]
impl<S: EventStore> EventStore for Observed<S> {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        mut events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let aggregate_type = Some(stream.aggregate_type());
        let span = span_of(aggregate_type, events.len(), events.first());
        self.stamp(&span, &mut events);
        let begun = Instant::now();
        let appended = self.store.append(stream, expected, events).instrument(span.clone()).await;
        self.tell_append(&span, aggregate_type, begun, appended.as_ref().map(std::slice::from_ref));
        appended
    }

    async fn append_all(&self, mut appends: Vec<StreamAppend>) -> Result<Vec<Appended>, AppendError> {
        let Some(first) = appends.first() else { return self.store.append_all(appends).await };
        let aggregate_type = first.stream.aggregate_type().to_owned();
        let is_common = appends.iter().all(|append| append.stream.aggregate_type() == aggregate_type);
        let aggregate_type = is_common.then_some(&*aggregate_type);
        let events = appends.iter().map(|append| append.events.len()).sum();
        let span = span_of(aggregate_type, events, first.events.first());
        for append in &mut appends {
            self.stamp(&span, &mut append.events);
        }
        let begun = Instant::now();
        let appended = self.store.append_all(appends).instrument(span.clone()).await;
        self.tell_append(&span, aggregate_type, begun, appended.as_deref());
        appended
    }

    async fn read_stream(&self, stream: &StreamId, read: ReadStream) -> Result<Vec<Arc<RecordedEvent>>, StoreError> {
        self.store.read_stream(stream, read).await
    }

    async fn streams(
        &self,
        aggregate_type: &str,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<StoredStream>, StoreError> {
        self.store.streams(aggregate_type, after, limit).await
    }

    fn note_load(&self, seen: &LoadSeen<'_>) {
        self.tell(|observer| observer.loaded(seen));
        self.store.note_load(seen);
    }
}
