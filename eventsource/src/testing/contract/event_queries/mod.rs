//! The contract of the questions of operators.

mod correlated;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use self::correlated::{
    a_page_of_correlated_events_ends_at_its_bytes, correlated, correlated_events_are_found_in_order,
};
use super::events::{event, events, order};
use super::filled_log::{EventLogFixture, FilledLog};
use super::listed::{dispatch, names};
use super::violation::{ensure, ensure_eq};
use super::{Verdict, Violation};
use crate::event::{NewEvent, Position, RecordedEvent, StreamId};
use crate::store::{
    EventFilter, EventPlace, EventQueries, MAX_QUERY_LIMIT, PageLimit, StoredType, StreamQuery, StreamSummary,
};

/// The cases of the contract of queries, handed to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __event_queries_cases {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! { {$($with)*}
            streams_are_listed_by_pages
            a_stream_has_the_places_of_its_first_and_last_event
            streams_of_one_type_are_listed
            event_types_are_listed_by_pages
            correlated_events_are_found_in_order
            a_page_of_correlated_events_ends_at_its_bytes
            a_time_is_found_in_the_log
            a_page_has_at_most_the_maximum
            a_name_that_no_store_can_hold_matches_nothing
        }
    };
}

/// The names of the cases of the contract of queries, for [`run_on_event_queries`].
///
/// ```
/// use eventsource::testing::contract::EVENT_QUERIES_CASES;
///
/// assert!(EVENT_QUERIES_CASES.contains(&"streams_are_listed_by_pages"));
/// ```
pub const EVENT_QUERIES_CASES: &[&str] = crate::__event_queries_cases!([names]);

/// Runs the case `name` of the contract of [`EventQueries`] on a fresh, empty log.
/// [`event_queries_contract!`](crate::event_queries_contract) creates a test for each case.
///
/// ```
/// use eventsource::MemoryEventStore;
/// use eventsource::testing::contract::{EVENT_QUERIES_CASES, run_on_event_queries};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let store = MemoryEventStore::new();
/// run_on_event_queries(EVENT_QUERIES_CASES[0], &(store.clone(), store)).await.unwrap();
/// # });
/// ```
///
/// # Errors
/// [`Violation`] if the log breaks the contract or has no queries, or if there is no such case.
pub async fn run_on_event_queries(name: &str, fixture: &impl EventLogFixture) -> Result<(), Violation> {
    let filled = &FilledLog::new(fixture);
    crate::__event_queries_cases!([dispatch] name filled)
}

fn queries(filled: &FilledLog) -> Result<&dyn EventQueries, Violation> {
    filled.queries().ok_or_else(|| Violation::new("the log has no queries"))
}

/// Returns all streams that `query` selects, read in its pages.
async fn all_streams(queries: &dyn EventQueries, mut query: StreamQuery) -> Result<Vec<StreamSummary>, Violation> {
    let mut all: Vec<StreamSummary> = Vec::new();
    loop {
        let page = queries.list_streams(&query).await?;
        let most = query.max_count();
        ensure!(page.streams.len() <= most, "a page of {} streams with the limit {most}", page.streams.len());
        ensure_eq!(
            page.is_full,
            page.streams.len() == most,
            "whether a page of {} of {most} is full",
            page.streams.len()
        );
        if let Some(last) = page.streams.last() {
            query = query.after(&last.stream);
        }
        let is_full = page.is_full;
        all.extend(page.streams);
        let is_ordered = all.is_sorted_by(|a, b| key(&a.stream) < key(&b.stream));
        ensure!(is_ordered, "the streams in pages of {most} are out of order, or one is listed twice: {all:?}");
        if !is_full {
            return Ok(all);
        }
    }
}

fn key(stream: &StreamId) -> (String, Uuid) {
    (stream.aggregate_type().to_owned(), stream.aggregate_id())
}

/// Fills the log with streams of several types. Returns them in their order.
async fn fill_streams(filled: &FilledLog) -> Result<Vec<StreamId>, Violation> {
    // The smallest and the largest id, and neighbours. The names differ in their case and in their last character.
    let ids = [0, 1, 0xff, 0x100, u128::MAX - 1, u128::MAX].map(Uuid::from_u128);
    let mut streams = Vec::new();
    for (n, id) in (1..).zip(ids.into_iter().chain((0..6).map(|_| Uuid::now_v7()))) {
        for aggregate_type in ["Order", "Orders", "orde", "Ördeř", ""] {
            let stream = StreamId::new(aggregate_type, id);
            filled.append(&stream, events(n % 4 + 1)).await?;
            streams.push(stream);
        }
    }
    streams.sort_by_key(key);
    Ok(streams)
}

async fn streams_are_listed_by_pages(filled: &FilledLog) -> Verdict {
    let queries = queries(filled)?;
    ensure!(all_streams(queries, StreamQuery::all()).await?.is_empty(), "an empty log has streams");
    let expected = fill_streams(filled).await?;
    for limit in [1, 7, expected.len(), MAX_QUERY_LIMIT] {
        let listed = all_streams(queries, StreamQuery::all().limit(limit)).await?;
        let listed: Vec<_> = listed.into_iter().map(|summary| summary.stream).collect();
        ensure_eq!(listed, expected, "the streams in pages of {limit}");
    }
    // The stream after which a page begins does not have to exist.
    let after = StreamId::new("Order", Uuid::from_u128(2));
    let next = queries.list_streams(&StreamQuery::all().after(&after).limit(1)).await?;
    let next: Vec<_> = next.streams.into_iter().map(|summary| summary.stream).collect();
    ensure_eq!(next, [StreamId::new("Order", Uuid::from_u128(0xff))], "the stream after {after}, which does not exist");
    Ok(())
}

fn place(event: &RecordedEvent) -> EventPlace {
    EventPlace::new(event.position(), Some(event.recorded_at()))
}

async fn a_stream_has_the_places_of_its_first_and_last_event(filled: &FilledLog) -> Verdict {
    let streams = [order(), order(), order()];
    for (n, stream) in streams.iter().cycle().take(9).enumerate() {
        filled.append(stream, events(n % 3 + 1)).await?;
    }
    let log = filled.read_log(Position::START, &EventFilter::all(), PageLimit::events(1_000)).await?.events;
    let mut expected = Vec::new();
    for stream in streams {
        let own: Vec<_> = log.iter().filter(|event| *event.stream() == stream).collect();
        if let [first, .., last] = own[..] {
            expected.push(StreamSummary::new(stream, last.version(), place(first), place(last)));
        }
    }
    expected.sort_by_key(|summary| key(&summary.stream));
    ensure_eq!(all_streams(queries(filled)?, StreamQuery::all()).await?, expected, "the streams of the log");
    Ok(())
}

async fn streams_of_one_type_are_listed(filled: &FilledLog) -> Verdict {
    let queries = queries(filled)?;
    let streams = fill_streams(filled).await?;
    for aggregate_type in ["Order", "Orders", "orde", "Ördeř", "", "Unknown", "Ord", "Z"] {
        let expected: Vec<_> = streams.iter().filter(|stream| stream.aggregate_type() == aggregate_type).collect();
        for limit in [1, 5, MAX_QUERY_LIMIT] {
            let listed = all_streams(queries, StreamQuery::of_type(aggregate_type).limit(limit)).await?;
            let listed: Vec<_> = listed.iter().map(|summary| &summary.stream).collect();
            ensure_eq!(listed, expected, "the streams of the type `{aggregate_type}` in pages of {limit}");
        }
    }
    // After a stream of another type, whose name comes earlier or later.
    for (after, expected) in [("Alpha", 12), ("Zebra", 0)] {
        let after = StreamId::new(after, Uuid::now_v7());
        let listed = queries.list_streams(&StreamQuery::of_type("Order").after(&after)).await?.streams.len();
        ensure_eq!(listed, expected, "the number of streams of a type after {after}");
    }
    Ok(())
}

async fn event_types_are_listed_by_pages(filled: &FilledLog) -> Verdict {
    let queries = queries(filled)?;
    ensure!(queries.list_event_types(None, 10).await?.is_empty(), "an empty log has event types");
    let names = ["Placed", "placed", "Place", "Größe", "B", "A", "", "C"];
    let mut expected = Vec::new();
    for name in names {
        let appended = filled.append(&order(), vec![event(name), event("Placed"), event(name)]).await?;
        expected.push(StoredType::new(name, appended.events()[0].position()));
    }
    expected.sort_by(|a, b| a.name.cmp(&b.name));
    for limit in [1, 3, names.len(), MAX_QUERY_LIMIT] {
        let (mut all, mut after) = (Vec::<StoredType>::new(), None);
        loop {
            let page = queries.list_event_types(after.as_deref(), limit).await?;
            ensure!(page.len() <= limit, "a page of {} event types with the limit {limit}", page.len());
            let Some(last) = page.last() else { break };
            after = Some(last.name.clone());
            all.extend(page);
            ensure!(all.len() <= names.len(), "an event type is listed twice in pages of {limit}: {all:?}");
        }
        ensure_eq!(all, expected, "the event types in pages of {limit}");
    }
    Ok(())
}

async fn a_time_is_found_in_the_log(filled: &FilledLog) -> Verdict {
    let queries = queries(filled)?;
    ensure_eq!(queries.position_at(Utc::now()).await?, None, "a time in an empty log");
    let mut times = BTreeSet::new();
    for n in 0..20 {
        let appended = filled.append(&order(), events(n % 3 + 1)).await?;
        times.extend(appended.events().iter().map(|event| event.recorded_at()));
        // Most of the next events then have another time.
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    let log = filled.read_log(Position::START, &EventFilter::all(), PageLimit::events(1_000)).await?.events;
    let step = TimeDelta::microseconds(1);
    let around = times.iter().flat_map(|&time| [time - step, time, time + TimeDelta::nanoseconds(1), time + step]);
    for time in around.chain([DateTime::<Utc>::MIN_UTC, DateTime::UNIX_EPOCH, DateTime::<Utc>::MAX_UTC]) {
        let expected = log.iter().find(|event| event.recorded_at() >= time).map(|event| event.position());
        ensure_eq!(queries.position_at(time).await?, expected, "the position of the first event at or after {time}");
    }
    Ok(())
}

async fn a_page_has_at_most_the_maximum(filled: &FilledLog) -> Verdict {
    let (queries, id) = (queries(filled)?, Uuid::now_v7());
    for n in 0..MAX_QUERY_LIMIT + 5 {
        let stored = NewEvent::raw(format!("Type{n}"), 1, "{}");
        filled.append(&order(), vec![correlated(id, stored)]).await?;
    }
    for (limit, expected) in [(0, 1), (MAX_QUERY_LIMIT, MAX_QUERY_LIMIT), (usize::MAX, MAX_QUERY_LIMIT)] {
        let streams = queries.list_streams(&StreamQuery::all().limit(limit)).await?;
        ensure_eq!((streams.streams.len(), streams.is_full), (expected, true), "a page of streams, limit {limit}");
        let types = queries.list_event_types(None, limit).await?;
        ensure_eq!(types.len(), expected, "the number of event types in a page, limit {limit}");
        let page = queries.correlated(id, Position::START, limit).await?;
        ensure_eq!((page.events.len(), page.is_full), (expected, true), "a page of correlated events, limit {limit}");
    }
    Ok(())
}

async fn a_name_that_no_store_can_hold_matches_nothing(filled: &FilledLog) -> Verdict {
    let queries = queries(filled)?;
    filled.append(&StreamId::new("a", Uuid::from_u128(7)), vec![event("a")]).await?;
    filled.append(&StreamId::new("b", Uuid::from_u128(7)), vec![event("b")]).await?;
    for name in ["a\0", "a\0b", "\0"] {
        let streams = queries.list_streams(&StreamQuery::of_type(name)).await?.streams;
        ensure!(streams.is_empty(), "a type that no store can hold has streams: {streams:?}");
    }
    for (name, expected) in [("a\0", 1), ("a\0b", 1), ("b\0", 0), ("\0", 2), ("\u{10ffff}", 0)] {
        let after = StreamId::new(name, Uuid::nil());
        let streams = queries.list_streams(&StreamQuery::all().after(&after)).await?.streams;
        ensure_eq!(streams.len(), expected, "the number of streams after the type {name:?}");
        let types = queries.list_event_types(Some(name), 10).await?;
        ensure_eq!(types.len(), expected, "the number of event types after {name:?}");
        let filter = EventFilter::types([name.to_owned()]).aggregates([name.to_owned()]).tenant(name.to_owned());
        let back = filled.read_log_back(None, &filter, PageLimit::events(10)).await?;
        ensure!(back.events.is_empty(), "a filter by {name:?} matches {:?}", back.events);
    }
    let far = queries.correlated(Uuid::now_v7(), Position::new(u64::MAX), 10).await?;
    ensure!(far.events.is_empty() && !far.is_full, "there are events after the last position");
    Ok(())
}
