//! The cases about events with one correlation id.

use std::sync::Arc;

use uuid::Uuid;

use super::super::events::{event, order};
use super::super::filled_log::FilledLog;
use super::super::violation::{ensure, ensure_eq};
use super::super::{Verdict, Violation};
use super::queries;
use crate::event::{Metadata, NewEvent, Position, RecordedEvent};
use crate::store::{CorrelatedPage, EventQueries, MAX_QUERY_LIMIT, PAGE_BYTES};

pub(super) fn correlated(id: Uuid, event: NewEvent) -> NewEvent {
    // An entry with the same key, and a text that not every database can represent.
    let metadata = Metadata::new().entry("correlation_id", "other").entry("text", "a\0b").actor("alice");
    event.with_metadata(metadata.correlation_id(id))
}

/// Returns the positions of all events with the correlation id, read in pages of `limit`.
async fn all_correlated(
    queries: &dyn EventQueries,
    id: Uuid,
    limit: usize,
) -> Result<Vec<Arc<RecordedEvent>>, Violation> {
    let (mut all, mut after) = (Vec::new(), Position::START);
    loop {
        let page: CorrelatedPage = queries.correlated(id, after, limit).await?;
        ensure!(page.events.len() <= limit, "a page of {} events with the limit {limit}", page.events.len());
        ensure_eq!(page.unsearched_to, None, "the part of a short log that was not searched");
        if let Some(last) = page.events.last() {
            ensure!(last.position() > after, "a page after {after} ends at {}", last.position());
            after = last.position();
        }
        ensure!(page.is_full || page.events.len() < limit, "a page of {limit} events is not full");
        all.extend(page.events);
        if !page.is_full {
            return Ok(all);
        }
    }
}

pub(super) async fn correlated_events_are_found_in_order(filled: &FilledLog) -> Verdict {
    let queries = queries(filled)?;
    let (one, other, cause) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    ensure!(all_correlated(queries, one, 10).await?.is_empty(), "an empty log has correlated events");
    let mut expected = Vec::new();
    for n in 0..12 {
        let caused = event("Caused").with_metadata(Metadata::new().causation_id(one).entry("correlation_id", one));
        let batch = vec![
            event("Plain"),
            correlated(one, event("One")),
            caused,
            correlated(if n % 2 == 0 { one } else { other }, event("Mixed")),
        ];
        let appended = filled.append(&order(), batch).await?;
        let own = appended.events().iter().filter(|event| event.metadata().get_correlation_id() == Some(one));
        expected.extend(own.cloned());
    }
    for limit in [1, 7, expected.len(), MAX_QUERY_LIMIT] {
        ensure_eq!(all_correlated(queries, one, limit).await?, expected, "the correlated events in pages of {limit}");
    }
    let middle = expected[expected.len() / 2].position();
    let rest = queries.correlated(one, middle, MAX_QUERY_LIMIT).await?.events.len();
    ensure_eq!(rest, expected.len() - expected.len() / 2 - 1, "the number of correlated events after {middle}");
    for (id, count) in [(other, 6), (cause, 0), (Uuid::nil(), 0)] {
        ensure_eq!(all_correlated(queries, id, 100).await?.len(), count, "the number of events correlated with {id}");
    }
    Ok(())
}

pub(super) async fn a_page_of_correlated_events_ends_at_its_bytes(filled: &FilledLog) -> Verdict {
    let (queries, id) = (queries(filled)?, Uuid::now_v7());
    let large = || NewEvent::raw("Large", 1, format!("\"{}\"", "x".repeat(PAGE_BYTES / 2 - 1_000)));
    for _ in 0..3 {
        filled.append(&order(), vec![correlated(id, large()), correlated(id, event("Small"))]).await?;
    }
    let page = queries.correlated(id, Position::START, MAX_QUERY_LIMIT).await?;
    let bytes: usize = page.events.iter().map(|event| event.size()).sum();
    ensure!(bytes <= PAGE_BYTES, "a page of {bytes} bytes, more than {PAGE_BYTES}");
    ensure!(page.is_full && !page.events.is_empty(), "a page of {} events is not full", page.events.len());
    ensure_eq!(all_correlated(queries, id, MAX_QUERY_LIMIT).await?.len(), 6, "the number of events in all pages");
    Ok(())
}
