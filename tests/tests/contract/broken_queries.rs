//! Logs whose queries are each broken in one place: every case of their contract is failed by one of them.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use eventsource::store::{
    Backlog, CorrelatedPage, EventQueries, LogId, LogMark, MAX_QUERY_LIMIT, StoredType, StreamQuery, StreamSummaryPage,
};
use eventsource::testing::contract::{EVENT_QUERIES_CASES, run_on_event_queries};
use eventsource::{EventFilter, EventLog, LogPage, MemoryEventStore, PageLimit, Position, StoreError};
use uuid::Uuid;

use crate::killed::assert_each_case_is_killed;

/// What is broken in the queries.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Broken {
    Nothing,
    /// Each page of streams is the first one.
    FirstPage,
    /// A full page says that it is the last one.
    LastPage,
    /// The last event of a stream is its first one.
    Last,
    /// A page has streams of all types.
    AllTypes,
    /// Event types come in the order of their first events.
    TypeOrder,
    /// The position of an event type is another one.
    TypePosition,
    /// Events are correlated by their cause.
    Causation,
    /// Correlated events of the first page come again.
    Again,
    /// A page of correlated events ends at its count only.
    Bytes,
    /// A time is found after it.
    Later,
    /// A page has no maximum.
    Maximum,
    /// The character NUL is an error.
    Nul,
}

const MUTANTS: &[(Broken, &str)] = &[
    (Broken::FirstPage, "streams_are_listed_by_pages"),
    (Broken::LastPage, "streams_are_listed_by_pages"),
    (Broken::Last, "a_stream_has_the_places_of_its_first_and_last_event"),
    (Broken::AllTypes, "streams_of_one_type_are_listed"),
    (Broken::TypeOrder, "event_types_are_listed_by_pages"),
    (Broken::TypePosition, "event_types_are_listed_by_pages"),
    (Broken::Causation, "correlated_events_are_found_in_order"),
    (Broken::Again, "correlated_events_are_found_in_order"),
    (Broken::Bytes, "a_page_of_correlated_events_ends_at_its_bytes"),
    (Broken::Later, "a_time_is_found_in_the_log"),
    (Broken::Maximum, "a_page_has_at_most_the_maximum"),
    (Broken::Nul, "a_name_that_no_store_can_hold_matches_nothing"),
];

#[derive(Clone)]
struct BrokenQueries(MemoryEventStore, Broken);

#[async_trait]
impl EventLog for BrokenQueries {
    async fn read_log(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, StoreError> {
        self.0.read_log(after, filter, limit).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.0.head().await
    }

    async fn log_id(&self) -> Result<LogId, StoreError> {
        self.0.log_id().await
    }

    async fn last_event(&self, to: Position) -> Result<Option<LogMark>, StoreError> {
        self.0.last_event(to).await
    }

    async fn backlog(&self, after: Position, limit: u64) -> Result<Backlog, StoreError> {
        self.0.backlog(after, limit).await
    }

    fn queries(&self) -> Option<&dyn EventQueries> {
        Some(self)
    }
}

impl BrokenQueries {
    async fn all(&self) -> Result<Vec<std::sync::Arc<eventsource::RecordedEvent>>, StoreError> {
        Ok(self.0.read_log(Position::START, &EventFilter::all(), PageLimit::events(usize::MAX)).await?.events)
    }
}

#[async_trait]
impl EventQueries for BrokenQueries {
    async fn list_streams(&self, query: &StreamQuery) -> Result<StreamSummaryPage, StoreError> {
        let names = query.aggregate_type().into_iter().chain(query.after_stream().map(|after| after.aggregate_type()));
        if self.1 == Broken::Nul && names.into_iter().any(|name| name.contains('\0')) {
            return Err(StoreError::Corrupt { what: "NUL".to_owned() });
        }
        let asked = match self.1 {
            Broken::FirstPage => StreamQuery::all().limit(query.max_count()),
            Broken::AllTypes => StreamQuery::all().limit(query.max_count()),
            _ => query.clone(),
        };
        let mut page = self.0.list_streams(&asked).await?;
        match self.1 {
            Broken::LastPage => page.is_full = false,
            Broken::Last => page.streams.iter_mut().for_each(|summary| summary.last = summary.first),
            _ => {}
        }
        Ok(page)
    }

    async fn list_event_types(&self, after: Option<&str>, limit: usize) -> Result<Vec<StoredType>, StoreError> {
        if self.1 == Broken::Maximum {
            let head = self.0.head().await?;
            return self.0.event_types_except(&[], Position::START, head, limit).await;
        }
        let mut types = self.0.list_event_types(after, limit).await?;
        match self.1 {
            Broken::TypeOrder => types.sort_by_key(|stored| stored.first),
            Broken::TypePosition => types.iter_mut().for_each(|stored| stored.first = Position::new(1)),
            _ => {}
        }
        Ok(types)
    }

    async fn correlated(&self, id: Uuid, after: Position, limit: usize) -> Result<CorrelatedPage, StoreError> {
        let after = if self.1 == Broken::Again { Position::START } else { after };
        let mut events = self.all().await?;
        match self.1 {
            Broken::Causation => events.retain(|event| event.metadata().get_causation_id() == Some(id)),
            Broken::Bytes => events.retain(|event| event.metadata().get_correlation_id() == Some(id)),
            _ => return self.0.correlated(id, after, limit).await,
        }
        events.retain(|event| event.position() > after);
        let (events, is_full) = PageLimit::events(limit.clamp(1, MAX_QUERY_LIMIT)).take(events);
        Ok(CorrelatedPage::new(events, is_full))
    }

    async fn position_at(&self, time: DateTime<Utc>) -> Result<Option<Position>, StoreError> {
        let later = if self.1 == Broken::Later { TimeDelta::microseconds(1) } else { TimeDelta::zero() };
        self.0.position_at(time.checked_add_signed(later).unwrap_or(time)).await
    }
}

#[tokio::test]
async fn each_case_of_queries_is_failed_by_a_broken_log() {
    let fails = async |case, broken| {
        let store = MemoryEventStore::new();
        run_on_event_queries(case, &(BrokenQueries(store.clone(), broken), store)).await.is_err()
    };
    assert_each_case_is_killed(EVENT_QUERIES_CASES, Broken::Nothing, MUTANTS, fails).await;
}
