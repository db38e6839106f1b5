//! Slices: each event has the slice of its key, however it is read.

use uuid::Uuid;

use super::Verdict;
use super::events::{event, order};
use super::filled_log::FilledLog;
use super::violation::ensure_eq;
use crate::event::{NewEvent, Position, Slice, StreamId};
use crate::store::{EventFilter, PageLimit, ReadStream};

/// Keys and their slices. Every program that writes into a log must compute the same.
const KEYS: [(&str, u16); 3] = [("customer-42", 446), ("a", 300), ("ü", 74)];

pub(super) async fn an_event_has_the_slice_of_its_key(filled: FilledLog) -> Verdict {
    let stream = StreamId::new("Order", Uuid::from_u128(1));
    let large = NewEvent::raw("Large", 1, format!("\"{}\"", "x".repeat(20_000)));
    let mut batch = vec![event("Small"), large];
    batch.extend(KEYS.map(|(key, _)| event("Keyed").partition_key(key)));
    let appended = filled.append(&stream, batch).await?;
    let expected: Vec<_> =
        [(957, None), (957, None)].into_iter().chain(KEYS.map(|(key, slice)| (slice, Some(key.to_owned())))).collect();
    let several = [order(), order()];
    for stream in &several {
        let appended = filled.append(stream, vec![event("Small")]).await?;
        ensure_eq!(appended.events()[0].slice(), Slice::of_stream(stream), "the slice of an event of {stream}");
    }
    let all = PageLimit::events(100);
    let first = appended.events().len();
    let page = filled.read_log(Position::START, &EventFilter::all(), all).await?.events;
    let mut back = filled.read_log_back(None, &EventFilter::all(), all).await?.events;
    back.reverse();
    let stored = filled.read_stream_page(&stream, ReadStream::forward(), all).await?.events;
    for (how, events) in [
        ("appended", appended.events()),
        ("log", &page[..first]),
        ("log backwards", &back[..first]),
        ("stream", &stored),
    ] {
        let found: Vec<_> =
            events.iter().map(|event| (event.slice().value(), event.partition_key().map(str::to_owned))).collect();
        ensure_eq!(found, expected, "the slices and the keys of the events ({how})");
    }
    for event in appended.events() {
        let found = filled.event(event.id()).await?;
        ensure_eq!(found.map(|found| found.slice()), Some(event.slice()), "the slice of an event found by its id");
    }
    for (event, stream) in page[first..].iter().zip(&several) {
        ensure_eq!(event.slice(), Slice::of_stream(stream), "the slice of an event of {stream}, read from the log");
    }
    Ok(())
}
