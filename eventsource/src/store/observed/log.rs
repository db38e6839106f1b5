//! Reads go to the inner store.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::Observed;
use crate::event::{Position, RecordedEvent, StreamId};
use crate::store::{
    Backlog, BackwardPage, EventFilter, EventLog, EventQueries, LogId, LogMark, LogPage, LogStall, PageLimit,
    ReadStream, StoreError, StoredType, StreamPage, WakeUpReceiver,
};

#[async_trait]
impl<S: EventLog> EventLog for Observed<S> {
    async fn read_stream_page(
        &self,
        stream: &StreamId,
        read: ReadStream,
        limit: PageLimit,
    ) -> Result<StreamPage, StoreError> {
        self.store.read_stream_page(stream, read, limit).await
    }

    async fn read_log(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, StoreError> {
        self.store.read_log(after, filter, limit).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.store.head().await
    }

    async fn log_id(&self) -> Result<LogId, StoreError> {
        self.store.log_id().await
    }

    async fn last_event(&self, to: Position) -> Result<Option<LogMark>, StoreError> {
        self.store.last_event(to).await
    }

    async fn backlog(&self, after: Position, limit: u64) -> Result<Backlog, StoreError> {
        self.store.backlog(after, limit).await
    }

    async fn backlogs(&self, after: &[Position], limit: u64) -> Result<Vec<Backlog>, StoreError> {
        self.store.backlogs(after, limit).await
    }

    async fn event_types_except(
        &self,
        known: &[&str],
        after: Position,
        to: Position,
        limit: usize,
    ) -> Result<Vec<StoredType>, StoreError> {
        self.store.event_types_except(known, after, to, limit).await
    }

    async fn event(&self, id: Uuid) -> Result<Option<Arc<RecordedEvent>>, StoreError> {
        self.store.event(id).await
    }

    async fn read_log_back(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: PageLimit,
    ) -> Result<BackwardPage, StoreError> {
        self.store.read_log_back(before, filter, limit).await
    }

    async fn stalled_by(&self) -> Result<Option<LogStall>, StoreError> {
        self.store.stalled_by().await
    }

    fn queries(&self) -> Option<&dyn EventQueries> {
        self.store.queries()
    }

    fn wake_ups(&self) -> Option<WakeUpReceiver> {
        self.store.wake_ups()
    }
}
