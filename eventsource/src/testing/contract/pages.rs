//! Pages: how they end, by events and by bytes.

use std::sync::Arc;

use super::events::{events, order};
use super::filled_log::FilledLog;
use super::paging::{back, check};
use super::violation::{ensure, ensure_eq};
use super::{Verdict, Violation};
use crate::event::{NewEvent, Position, RecordedEvent, StreamId};
use crate::store::{EventFilter, EventStore, ExpectedVersion, PageLimit, ReadStream};

const KIB: usize = 1_024;

/// Appends events of these sizes to one stream. Every second one has another type.
async fn sized(filled: &FilledLog, sizes: &[usize]) -> Result<StreamId, Violation> {
    let stream = order();
    let event = |(n, size): (usize, &usize)| NewEvent::raw(if n % 2 == 0 { "A" } else { "B" }, 1, text(n, *size));
    filled.append(&stream, sizes.iter().enumerate().map(event).collect()).await?;
    Ok(stream)
}

/// Returns a payload of `size` bytes that differs for each `n`.
fn text(n: usize, size: usize) -> String {
    let mut text = format!("\"{n}-");
    text.extend(std::iter::repeat_n('x', size.saturating_sub(text.len() + 1)));
    text.push('"');
    text
}

/// The sizes that the cases use: small ones, sizes around the limits at which a store may treat events as large, and
/// large ones.
fn sizes() -> Vec<usize> {
    let one_round = [10, 300, 8_100, 8_192, 8_193, 20_000, 70 * KIB, 15, 2_000, 200 * KIB, 10, 10];
    (0..6).flat_map(|_| one_round).collect()
}

/// Returns the whole log in pages of this limit, and checks the end of each page.
async fn in_pages(
    filled: &FilledLog,
    filter: &EventFilter,
    limit: PageLimit,
) -> Result<Vec<Arc<RecordedEvent>>, Violation> {
    let head = filled.head().await?;
    let (mut all, mut after) = (Vec::new(), Position::START);
    loop {
        let page = filled.read_log(after, filter, limit).await?;
        check(&page.events, limit, page.is_full)?;
        if !page.is_full {
            ensure_eq!(page.horizon, head, "the horizon of a page that is not full");
            all.extend(page.events);
            return Ok(all);
        }
        let Some(last) = page.events.last() else { return Err(Violation::new("a page is full and has no event")) };
        ensure_eq!(page.horizon, last.position(), "the horizon of a full page");
        ensure!(page.horizon > after, "the horizon stays at {after}");
        after = page.horizon;
        all.extend(page.events);
    }
}

pub(super) async fn a_page_of_the_log_ends_at_its_bytes(filled: FilledLog) -> Verdict {
    sized(&filled, &sizes()).await?;
    let everything = EventFilter::all();
    let whole = filled.read_log(Position::START, &everything, PageLimit::events(1_000)).await?.events;
    ensure_eq!(whole.len(), sizes().len(), "the whole log");
    for filter in [everything, EventFilter::types(["B"])] {
        let wanted: Vec<_> = whole.iter().filter(|event| filter.matches(event)).cloned().collect();
        for (events, bytes) in
            [(1_000, KIB), (1_000, 100 * KIB), (7, 100 * KIB), (1_000, 400 * KIB), (1_000, usize::MAX)]
        {
            let limit = PageLimit::events(events).within_bytes(bytes);
            let read = in_pages(&filled, &filter, limit).await?;
            ensure_eq!(read.len(), wanted.len(), "the events of the log in pages of {limit:?}");
            ensure!(read == wanted, "the log in pages of {limit:?} has different events");
        }
    }
    Ok(())
}

pub(super) async fn an_event_larger_than_a_page_is_read_alone(filled: FilledLog) -> Verdict {
    let sizes = [100, 300 * KIB, 300 * KIB, 100, 100];
    sized(&filled, &sizes).await?;
    let limit = PageLimit::events(10).within_bytes(64 * KIB);
    let (mut after, mut counts) = (Position::START, Vec::new());
    loop {
        let page = filled.read_log(after, &EventFilter::all(), limit).await?;
        counts.push(page.events.len());
        if !page.is_full {
            break;
        }
        after = page.horizon;
    }
    ensure_eq!(counts, [1, 1, 1, 2], "how many events the pages have");
    Ok(())
}

pub(super) async fn a_page_of_a_stream_ends_at_its_events(store: Arc<dyn EventStore>) -> Verdict {
    let stream = sized(&FilledLog::of(&store), &sizes()).await?;
    store.append(&order(), ExpectedVersion::Any, events(3)).await?;
    let last = sizes().len() as u64;
    for (events, bytes) in [(1_000, usize::MAX), (10, usize::MAX), (1_000, 100 * KIB), (72, usize::MAX)] {
        let limit = PageLimit::events(events).within_bytes(bytes);
        let mut forward = Vec::new();
        loop {
            let read = ReadStream::forward().from(forward.len() as u64 + 1);
            let page = store.read_stream_page(&stream, read, limit).await?;
            ensure!(page.events.len() <= events, "a page of {} events with {limit:?}", page.events.len());
            forward.extend(page.events.iter().map(|event| event.version()));
            if !page.is_full {
                break;
            }
        }
        ensure_eq!(forward, (1..=last).collect::<Vec<_>>(), "the stream in pages of {limit:?}");
        let mut backward = Vec::new();
        loop {
            let read = ReadStream::backward().to(last - backward.len() as u64).from(3);
            let page = store.read_stream_page(&stream, read, limit).await?;
            backward.extend(page.events.iter().map(|event| event.version()));
            if !page.is_full {
                break;
            }
        }
        ensure_eq!(backward, (3..=last).rev().collect::<Vec<_>>(), "the stream backward in pages of {limit:?}");
    }
    let few = store.read_stream_page(&stream, ReadStream::forward().limit(2), PageLimit::events(10)).await?;
    ensure_eq!((few.events.len(), few.is_full), (2, false), "a page of a read that has its own limit");
    Ok(())
}

pub(super) async fn a_page_read_backwards_ends_at_its_bytes(filled: FilledLog) -> Verdict {
    sized(&filled, &sizes()).await?;
    for filter in [EventFilter::all(), EventFilter::types(["A"]), EventFilter::types(["A", "B"])] {
        let forward = filled.read_log(Position::START, &filter, PageLimit::events(usize::MAX)).await?.events;
        for (events, bytes) in [(1_000, 100), (1_000, 30 * KIB), (3, 100 * KIB), (1_000, usize::MAX)] {
            let limit = PageLimit::events(events).within_bytes(bytes);
            let mut backward = back(&*filled, &filter, limit).await?;
            backward.reverse();
            ensure_eq!(backward, forward, "backwards in pages of {limit:?}, reversed");
        }
    }
    Ok(())
}
