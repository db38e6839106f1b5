//! Answers the questions of operators. Streams and types have an index; correlation ids are found by a scan of the log.

use std::ops::Bound;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::MemoryEventStore;
use super::log::Log;
use crate::event::{Position, RecordedEvent, StreamId};
use crate::store::{
    CorrelatedPage, EventPlace, EventQueries, PAGE_BYTES, PageLimit, StoreError, StoredType, StreamQuery,
    StreamSummary, StreamSummaryPage, query_limit,
};

impl Log {
    fn list_streams(&self, query: &StreamQuery) -> StreamSummaryPage {
        let (start, after) = query.start();
        let found = self
            .streams
            .range::<str, _>((Bound::Included(start), Bound::Unbounded))
            .take_while(|(name, _)| query.aggregate_type().is_none_or(|wanted| wanted == name.as_str()))
            .flat_map(|(name, streams)| {
                let after = after.filter(|_| name == start).map_or(Bound::Unbounded, Bound::Excluded);
                streams.range((after, Bound::Unbounded)).map(move |(id, events)| (name, *id, events))
            })
            .filter_map(|(name, id, events)| summary(StreamId::new(name.clone(), id), events))
            .take(query.max_count());
        StreamSummaryPage::new(found.collect(), query)
    }

    fn list_event_types(&self, after: Option<&str>, limit: usize) -> Vec<StoredType> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let found = self.types.range::<str, _>((from, Bound::Unbounded));
        let stored = found.filter_map(|(name, positions)| Some(StoredType::new(name, *positions.first()?)));
        stored.take(query_limit(limit)).collect()
    }

    fn correlated(&self, correlation_id: Uuid, after: Position, limit: usize) -> CorrelatedPage {
        let events = self.after(after).iter();
        let wanted = events.filter(|event| event.metadata().get_correlation_id() == Some(correlation_id));
        let limit = PageLimit::events(query_limit(limit)).within_bytes(PAGE_BYTES);
        let (events, is_full) = limit.take(wanted.cloned());
        CorrelatedPage::new(events, is_full)
    }

    fn position_at(&self, time: DateTime<Utc>) -> Option<Position> {
        let first = self.events.partition_point(|event| event.recorded_at() < time);
        self.events.get(first).map(|event| event.position())
    }
}

fn summary(stream: StreamId, events: &[Arc<RecordedEvent>]) -> Option<StreamSummary> {
    let place = |event: &RecordedEvent| EventPlace::new(event.position(), Some(event.recorded_at()));
    let last = events.last()?;
    Some(StreamSummary::new(stream, last.version(), place(events.first()?), place(last)))
}

#[async_trait]
impl EventQueries for MemoryEventStore {
    async fn list_streams(&self, query: &StreamQuery) -> Result<StreamSummaryPage, StoreError> {
        Ok(self.read().list_streams(query))
    }

    async fn list_event_types(&self, after: Option<&str>, limit: usize) -> Result<Vec<StoredType>, StoreError> {
        Ok(self.read().list_event_types(after, limit))
    }

    async fn correlated(
        &self,
        correlation_id: Uuid,
        after: Position,
        limit: usize,
    ) -> Result<CorrelatedPage, StoreError> {
        Ok(self.read().correlated(correlation_id, after, limit))
    }

    async fn position_at(&self, time: DateTime<Utc>) -> Result<Option<Position>, StoreError> {
        Ok(self.read().position_at(time))
    }
}
