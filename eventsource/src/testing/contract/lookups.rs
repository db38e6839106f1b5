//! Look-ups: an event by its id, the log backwards, and the streams of a type by pages.

use std::sync::Arc;

use uuid::Uuid;

use super::Verdict;
use super::events::{event, events, for_tenant, order};
use super::filled_log::FilledLog;
use super::paging::back;
use super::violation::{ensure, ensure_eq};
use crate::event::{Metadata, NewEvent, Position, StreamId};
use crate::store::{EventFilter, EventStore, ExpectedVersion, PageLimit, ReadStream, StoredStream};

type Store = Arc<dyn EventStore>;

pub(super) async fn an_event_is_found_by_its_id(filled: FilledLog) -> Verdict {
    ensure_eq!(filled.event(Uuid::now_v7()).await?, None, "an event of an empty log");
    let metadata = Metadata::new().actor("alice").tenant("acme").entry("n", 1);
    let large = NewEvent::raw("Large", 3, format!("\"{}\"", "x".repeat(20_000))).with_metadata(metadata);
    for batch in [events(1), vec![event("Small"), large, event("Last")], events(300)] {
        let appended = filled.append(&order(), batch).await?;
        for stored in appended.events() {
            ensure_eq!(
                filled.event(stored.id()).await?.as_ref(),
                Some(stored),
                "the event with the id {}",
                stored.id()
            );
        }
    }
    let unknown = Uuid::now_v7();
    ensure_eq!(filled.event(unknown).await?, None, "the event with an id that no event has");
    ensure_eq!(filled.event(Uuid::nil()).await?, None, "the event with the nil id");
    Ok(())
}

pub(super) async fn the_event_of_a_refused_append_is_not_found(store: Store) -> Verdict {
    let unknown = Uuid::now_v7();
    let refused = NewEvent::raw("Refused", 1, "{}").with_id(unknown);
    let stale = store.append(&order(), ExpectedVersion::Exact(7), vec![refused]).await;
    ensure!(stale.is_err(), "an append at another version than the stream's was stored");
    ensure_eq!(store.event(unknown).await?, None, "the event of an append that was refused");
    Ok(())
}

pub(super) async fn the_log_reads_backwards(filled: FilledLog) -> Verdict {
    ensure!(back(&*filled, &EventFilter::all(), PageLimit::events(7)).await?.is_empty(), "an empty log has events");
    for n in 0..60 {
        let stream = StreamId::new(["Order", "Customer"][n % 2], Uuid::now_v7());
        let batch = events(n % 3).into_iter().map(|event| for_tenant(["acme", "other"][n % 2], event));
        filled.append(&stream, batch.chain([event(["A", "B", "C"][n % 3])]).collect()).await?;
    }
    let filters = [
        EventFilter::all(),
        EventFilter::types(["A"]),
        EventFilter::types(["A", "Counted", "Unknown"]),
        EventFilter::types((0..150).map(|n| format!("T{n}")).chain(["B".to_owned()])),
        EventFilter::types([] as [&str; 0]),
        EventFilter::all().aggregates(["Order"]),
        EventFilter::types(["B", "C"]).aggregates(["Customer", "Order"]),
        EventFilter::all().tenant("acme"),
        EventFilter::types(["Counted"]).aggregates(["Order"]).tenant("other"),
    ];
    for filter in &filters {
        let forward = filled.read_log(Position::START, filter, PageLimit::events(1_000)).await?.events;
        for limit in [1, 7, 1_000] {
            let mut backward = back(&*filled, filter, PageLimit::events(limit)).await?;
            backward.reverse();
            ensure_eq!(backward, forward, "backwards in pages of {limit} through {filter:?}, reversed");
        }
    }
    let all = filled.read_log(Position::START, &EventFilter::all(), PageLimit::events(1_000)).await?.events;
    let middle = all[all.len() / 2].position();
    for (before, expected) in
        [(Position::START, 0), (all[0].position(), 0), (middle, all.len() / 2), (Position::new(u64::MAX), all.len())]
    {
        let page = filled.read_log_back(Some(before), &EventFilter::all(), PageLimit::events(1_000)).await?;
        ensure_eq!(page.events.len(), expected, "the number of events before {before}");
    }
    Ok(())
}

pub(super) async fn streams_of_a_type_are_listed_by_pages(store: Store) -> Verdict {
    ensure!(store.streams("Order", None, 10).await?.is_empty(), "an empty log has streams");
    let mut expected = Vec::new();
    // The smallest and the largest id, and neighbours.
    let ids = [0, 1, 0xff, 0x100, u128::MAX - 1, u128::MAX].map(Uuid::from_u128);
    for (n, id) in (1..).zip(ids.into_iter().chain((0..20).map(|_| Uuid::now_v7()))) {
        for aggregate_type in ["Order", "Orders", "orde"] {
            let stream = StreamId::new(aggregate_type, id);
            store.append(&stream, ExpectedVersion::NoStream, events(n)).await?;
        }
        let stream = StreamId::new("Order", id);
        store.append(&stream, ExpectedVersion::Any, events(1)).await?;
        expected.push(StoredStream::new(stream, n as u64 + 1));
    }
    expected.sort_by_key(|stored| stored.stream.aggregate_id());
    for limit in [1, 7, expected.len(), 1_000] {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = store.streams("Order", after, limit).await?;
            ensure!(page.len() <= limit, "a page of {} streams with the limit {limit}", page.len());
            let Some(last) = page.last() else { break };
            after = Some(last.stream.aggregate_id());
            all.extend(page);
            ensure!(all.len() <= expected.len(), "a stream is listed twice in pages of {limit}");
        }
        ensure_eq!(all, expected, "the streams in pages of {limit}");
    }
    ensure!(store.streams("Order", None, 0).await?.is_empty(), "a page of no streams has streams");
    ensure!(store.streams("Unknown", None, 10).await?.is_empty(), "a type without streams has streams");
    ensure!(store.streams("Or\0der", None, 10).await?.is_empty(), "a type that no store can hold has streams");
    for stored in expected {
        let read = store.read_stream(&stored.stream, ReadStream::backward().limit(1)).await?;
        ensure_eq!(read[0].version(), stored.version, "the version of {}", stored.stream);
    }
    Ok(())
}
