//! The events of the log, its streams and its types.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::AdminError;
use super::stored::Stored;
use super::view::{CorrelatedView, EventPage, EventTypesView, EventView, FORMAT, StreamListView, StreamPageView};
use crate::event::{EventFilter, Position, StreamId};
use crate::projection::CheckpointStore;
use crate::store::{EventQueries, PAGE_BYTES, PageLimit, ReadStream, StreamQuery, query_limit};

impl<C: CheckpointStore> Stored<C> {
    fn queries(&self) -> Result<&dyn EventQueries, AdminError> {
        self.log.queries().ok_or(AdminError::NoQueries)
    }

    pub(super) async fn events(
        &self,
        before: Option<Position>,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<EventPage, AdminError> {
        let page = self.log.read_log_back(before, filter, page_limit(limit)).await?;
        let events = page.events.iter().map(|event| EventView::of(event)).collect();
        Ok(EventPage { format: FORMAT, events, more: page.is_full })
    }

    pub(super) async fn events_after(
        &self,
        after: Position,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<EventPage, AdminError> {
        let page = self.log.read_log(after, filter, page_limit(limit)).await?;
        let events = page.events.iter().rev().map(|event| EventView::of(event)).collect();
        Ok(EventPage { format: FORMAT, events, more: page.is_full })
    }

    pub(super) async fn stream(
        &self,
        stream: &StreamId,
        after: u64,
        limit: usize,
    ) -> Result<StreamPageView, AdminError> {
        let read = ReadStream::forward().from(after.saturating_add(1));
        let page = self.log.read_stream_page(stream, read, page_limit(limit)).await?;
        let events = page.events.iter().map(|event| EventView::of(event)).collect();
        Ok(StreamPageView { format: FORMAT, stream: stream.clone(), events, more: page.is_full })
    }

    pub(super) async fn streams(&self, query: &StreamQuery) -> Result<StreamListView, AdminError> {
        Ok(StreamListView::of(self.queries()?.list_streams(query).await?))
    }

    pub(super) async fn event_types(&self, after: Option<&str>, limit: usize) -> Result<EventTypesView, AdminError> {
        let types = self.queries()?.list_event_types(after, limit).await?;
        let more = types.len() >= query_limit(limit);
        Ok(EventTypesView { format: FORMAT, types, more })
    }

    pub(super) async fn correlated(
        &self,
        correlation_id: Uuid,
        after: Position,
        limit: usize,
    ) -> Result<CorrelatedView, AdminError> {
        let page = self.queries()?.correlated(correlation_id, after, limit).await?;
        let events = page.events.iter().map(|event| EventView::of(event)).collect();
        Ok(CorrelatedView { format: FORMAT, events, more: page.is_full, unsearched_to: page.unsearched_to })
    }

    pub(super) async fn position_at(&self, time: DateTime<Utc>) -> Result<Option<Position>, AdminError> {
        Ok(self.queries()?.position_at(time).await?)
    }
}

/// Returns the limit of a page of at most 200 events.
fn page_limit(limit: usize) -> PageLimit {
    PageLimit::events(query_limit(limit)).within_bytes(PAGE_BYTES)
}
