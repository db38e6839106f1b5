//! [`EventLog`] and [`EventStore`] for a store behind an `Arc`.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::{
    AppendError, Appended, Backlog, BackwardPage, EventFilter, EventLog, EventQueries, EventStore, ExpectedVersion,
    LoadSeen, LogId, LogMark, LogPage, LogStall, PageLimit, ReadStream, StoreError, StoredStream, StoredType,
    StreamAppend, StreamPage, WakeUpReceiver,
};
use crate::event::{NewEvent, Position, RecordedEvent, StreamId};

#[async_trait]
impl<S: EventLog + ?Sized> EventLog for Arc<S> {
    async fn read_stream_page(
        &self,
        stream: &StreamId,
        read: ReadStream,
        limit: PageLimit,
    ) -> Result<StreamPage, StoreError> {
        (**self).read_stream_page(stream, read, limit).await
    }

    async fn read_log(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, StoreError> {
        (**self).read_log(after, filter, limit).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        (**self).head().await
    }

    async fn log_id(&self) -> Result<LogId, StoreError> {
        (**self).log_id().await
    }

    async fn last_event(&self, to: Position) -> Result<Option<LogMark>, StoreError> {
        (**self).last_event(to).await
    }

    async fn backlog(&self, after: Position, limit: u64) -> Result<Backlog, StoreError> {
        (**self).backlog(after, limit).await
    }

    async fn backlogs(&self, after: &[Position], limit: u64) -> Result<Vec<Backlog>, StoreError> {
        (**self).backlogs(after, limit).await
    }

    async fn event_types_except(
        &self,
        known: &[&str],
        after: Position,
        to: Position,
        limit: usize,
    ) -> Result<Vec<StoredType>, StoreError> {
        (**self).event_types_except(known, after, to, limit).await
    }

    async fn event(&self, id: Uuid) -> Result<Option<Arc<RecordedEvent>>, StoreError> {
        (**self).event(id).await
    }

    async fn read_log_back(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: PageLimit,
    ) -> Result<BackwardPage, StoreError> {
        (**self).read_log_back(before, filter, limit).await
    }

    async fn stalled_by(&self) -> Result<Option<LogStall>, StoreError> {
        (**self).stalled_by().await
    }

    fn queries(&self) -> Option<&dyn EventQueries> {
        (**self).queries()
    }

    fn wake_ups(&self) -> Option<WakeUpReceiver> {
        (**self).wake_ups()
    }
}

#[async_trait]
impl<S: EventStore + ?Sized> EventStore for Arc<S> {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        (**self).append(stream, expected, events).await
    }

    async fn append_all(&self, appends: Vec<StreamAppend>) -> Result<Vec<Appended>, AppendError> {
        (**self).append_all(appends).await
    }

    async fn read_stream(&self, stream: &StreamId, read: ReadStream) -> Result<Vec<Arc<RecordedEvent>>, StoreError> {
        (**self).read_stream(stream, read).await
    }

    async fn streams(
        &self,
        aggregate_type: &str,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<StoredStream>, StoreError> {
        (**self).streams(aggregate_type, after, limit).await
    }

    fn note_load(&self, seen: &LoadSeen<'_>) {
        (**self).note_load(seen);
    }
}
