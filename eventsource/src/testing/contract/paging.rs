//! Checks of pages and their limits.

use std::sync::Arc;

use super::violation::ensure;
use super::{Verdict, Violation};
use crate::event::RecordedEvent;
use crate::store::{EventFilter, EventLog, PageLimit};

/// Checks that a page keeps its limit.
pub(super) fn check(events: &[Arc<RecordedEvent>], limit: PageLimit, is_full: bool) -> Verdict {
    let bytes: usize = events.iter().map(|event| event.size()).sum();
    ensure!(events.len() <= limit.events, "a page of {} events with {limit:?}", events.len());
    ensure!(events.len() <= 1 || bytes <= limit.bytes, "{} events of {bytes} bytes with {limit:?}", events.len());
    ensure!(is_full || events.len() < limit.events, "a page of {} events is not full with {limit:?}", events.len());
    Ok(())
}

/// Returns the whole log that matches `filter`, read backwards in pages of `limit`.
pub(super) async fn back(
    log: &dyn EventLog,
    filter: &EventFilter,
    limit: PageLimit,
) -> Result<Vec<Arc<RecordedEvent>>, Violation> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = log.read_log_back(before, filter, limit).await?;
        check(&page.events, limit, page.is_full)?;
        let Some(last) = page.events.last().map(|event| event.position()) else {
            ensure!(!page.is_full, "a page is full and has no event");
            return Ok(all);
        };
        ensure!(before.is_none_or(|before| last < before), "a page before {before:?} ends at {last}");
        before = Some(last);
        all.extend(page.events);
        if !page.is_full {
            return Ok(all);
        }
    }
}
