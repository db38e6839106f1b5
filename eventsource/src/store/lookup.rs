//! Look-ups: an event by its id, the log backwards, the streams of a type. What they answer, and how a store without an
//! index answers them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use uuid::Uuid;

use super::{EventFilter, EventStore, PAGE_BYTES, PageLimit, StoreError};
use crate::event::{Position, RecordedEvent, StreamId};

/// A page of the log, read backwards.
#[derive(Debug, Clone, PartialEq)]
pub struct BackwardPage {
    /// The events, the last one of the log first. The next page begins before the last event of this one.
    pub events: Vec<Arc<RecordedEvent>>,
    /// Whether the page ended at its [limit](PageLimit), in events or in bytes: there may be more events.
    pub is_full: bool,
}

/// A stream that is stored, and its version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StoredStream {
    /// The stream.
    pub stream: StreamId,
    /// The version of its last event, at least 1.
    pub version: u64,
}

impl StoredStream {
    /// `stream`, whose last event has the version `version`.
    #[must_use]
    pub const fn new(stream: StreamId, version: u64) -> Self {
        Self { stream, version }
    }
}

/// How much of the log is read at once where a store has no index.
const SCAN: PageLimit = PageLimit::events(1_000).within_bytes(PAGE_BYTES);

/// Calls `visit` with each event that passes `filter`, in position order, until it returns `false`.
async fn scan<S: EventStore + ?Sized>(
    store: &S,
    filter: &EventFilter,
    mut visit: impl FnMut(&Arc<RecordedEvent>) -> bool + Send,
) -> Result<(), StoreError> {
    let mut after = Position::START;
    loop {
        let page = store.read_log(after, filter, SCAN).await?;
        if !page.events.iter().all(&mut visit) || !page.is_full {
            return Ok(());
        }
        after = page.horizon;
    }
}

/// The event with this id, found by a scan of the log.
pub(super) async fn event<S: EventStore + ?Sized>(
    store: &S,
    id: Uuid,
) -> Result<Option<Arc<RecordedEvent>>, StoreError> {
    let mut found = None;
    scan(store, &EventFilter::all(), |event| {
        found = (event.id() == id).then(|| Arc::clone(event));
        found.is_none()
    })
    .await?;
    Ok(found)
}

/// The last events before `before`, found by a scan of the log. Memory is bounded by the limit.
pub(super) async fn read_log_back<S: EventStore + ?Sized>(
    store: &S,
    before: Option<Position>,
    filter: &EventFilter,
    limit: PageLimit,
) -> Result<BackwardPage, StoreError> {
    let most = limit.events.max(1);
    let (mut last, mut bytes, mut left_out) = (VecDeque::new(), 0_usize, false);
    scan(store, filter, |event| {
        if before.is_some_and(|before| event.position() >= before) {
            return false;
        }
        bytes = bytes.saturating_add(event.size());
        last.push_front(Arc::clone(event));
        while last.len() > most || (last.len() > 1 && bytes > limit.bytes) {
            bytes -= last.pop_back().map_or(0, |event| event.size());
            left_out = true;
        }
        true
    })
    .await?;
    let (events, is_full) = limit.take(last);
    Ok(BackwardPage { events, is_full: is_full || left_out })
}

/// The first streams of a type after the id `after`, found by a scan of the log. Memory is bounded by the limit.
pub(super) async fn streams<S: EventStore + ?Sized>(
    store: &S,
    aggregate_type: &str,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<StoredStream>, StoreError> {
    let mut versions = BTreeMap::new();
    let filter = EventFilter::all().aggregates([aggregate_type.to_owned()]);
    scan(store, &filter, |event| {
        let id = event.stream().aggregate_id();
        if Some(id) > after {
            versions.insert(id, event.version());
            if versions.len() > limit {
                versions.pop_last();
            }
        }
        true
    })
    .await?;
    let stored = |(id, version)| StoredStream::new(StreamId::new(aggregate_type.to_owned(), id), version);
    Ok(versions.into_iter().map(stored).collect())
}
