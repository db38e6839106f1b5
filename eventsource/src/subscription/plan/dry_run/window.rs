//! The part of the log that a dry run applies.

use crate::event::{EventFilter, Position};
use crate::store::{EventLog, PageLimit, ReadStream, StoreError};
use crate::subscription::plan::FailedEvent;

/// The largest page.
const PAGE: u64 = 1_000;

/// Returns the position after which the last `events` of the log begin.
pub(super) async fn last(log: &dyn EventLog, events: u64) -> Result<Position, StoreError> {
    let (mut before, mut left) = (None, events);
    while left > 0 {
        let limit = PageLimit::events(usize::try_from(left.min(PAGE)).unwrap_or(usize::MAX));
        let page = log.read_log_back(before, &EventFilter::all(), limit).await?;
        let Some(first) = page.events.last() else { return Ok(Position::START) };
        left = left.saturating_sub(page.events.len() as u64);
        before = Some(first.position());
        if !page.is_full {
            break;
        }
    }
    Ok(match before {
        Some(first) => Position::new(first.value().saturating_sub(1)),
        None => log.head().await?,
    })
}

/// Notes which of the failed events belong to a stream that began at or before `from`.
pub(super) async fn note_earlier(
    log: &dyn EventLog,
    from: Position,
    failures: &mut [FailedEvent],
) -> Result<(), StoreError> {
    for failed in failures {
        let first = log.read_stream_page(&failed.stream, ReadStream::forward(), PageLimit::events(1)).await?;
        failed.needs_earlier = first.events.first().is_some_and(|first| first.position() <= from);
    }
    Ok(())
}
