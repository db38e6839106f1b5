//! Look-ups: an event by its id, the log backwards, and the streams of a type. Contains their results, and the scans
//! that stores without an index use.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use uuid::Uuid;

use super::{EventFilter, LogPage, PAGE_BYTES, PageLimit, StoreError};
use crate::event::{Position, RecordedEvent, StreamId};

/// A page of the log, read backwards. [`EventStore::read_log_back`](crate::EventStore::read_log_back)
/// returns it.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::{EventFilter, EventStore, PageLimit};
///
/// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
/// # let store = MemoryEventStore::new();
/// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
/// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
/// # store.append(&order, ExpectedVersion::NoStream, events).await?;
/// let page = store.read_log_back(None, &EventFilter::all(), PageLimit::events(10)).await?;
/// assert_eq!(page.events[0].event_type(), "OrderPaid");
/// assert!(!page.is_full);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BackwardPage {
    /// The events, the one with the highest position first. The next page begins before the last event of this one.
    pub events: Vec<Arc<RecordedEvent>>,
    /// Whether the page ended at its [limit](PageLimit), in events or in bytes. There can be more events.
    pub is_full: bool,
}

/// A stored stream and its version. [`EventStore::streams`](crate::EventStore::streams) returns it.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::EventStore;
///
/// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
/// # let store = MemoryEventStore::new();
/// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
/// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
/// # store.append(&order, ExpectedVersion::NoStream, events).await?;
/// let streams = store.streams("Order", None, 100).await?;
/// assert_eq!((&streams[0].stream, streams[0].version), (&order, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StoredStream {
    /// The stream.
    pub stream: StreamId,
    /// The version of its last event, at least 1.
    pub version: u64,
}

impl StoredStream {
    /// Creates the entry of `stream`, whose last event has the version `version`.
    ///
    /// # Examples
    /// ```
    /// use eventsource::StreamId;
    /// use eventsource::store::StoredStream;
    ///
    /// let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// assert_eq!(StoredStream::new(order, 2).version, 2);
    /// ```
    #[must_use]
    pub const fn new(stream: StreamId, version: u64) -> Self {
        Self { stream, version }
    }
}

/// Reads pages of the log. Every event store does.
pub(super) trait LogPages: Sync {
    /// Returns the page after `after`.
    fn page(
        &self,
        after: Position,
        filter: &EventFilter,
        limit: PageLimit,
    ) -> impl Future<Output = Result<LogPage, StoreError>> + Send;
}

/// The page size of a scan.
const SCAN: PageLimit = PageLimit::events(1_000).within_bytes(PAGE_BYTES);

/// Calls `visit` with each event that matches `filter`, in position order, until it returns `false`.
async fn scan<S: LogPages + ?Sized>(
    store: &S,
    filter: &EventFilter,
    mut visit: impl FnMut(&Arc<RecordedEvent>) -> bool + Send,
) -> Result<(), StoreError> {
    let mut after = Position::START;
    loop {
        let page = store.page(after, filter, SCAN).await?;
        if !page.events.iter().all(&mut visit) || !page.is_full {
            return Ok(());
        }
        after = page.horizon;
    }
}

/// Finds the event with this id by a scan of the log.
pub(super) async fn event<S: LogPages + ?Sized>(store: &S, id: Uuid) -> Result<Option<Arc<RecordedEvent>>, StoreError> {
    let mut found = None;
    scan(store, &EventFilter::all(), |event| {
        found = (event.id() == id).then(|| Arc::clone(event));
        found.is_none()
    })
    .await?;
    Ok(found)
}

/// Finds the last events before `before` by a scan of the log. The limit bounds the memory.
pub(super) async fn read_log_back<S: LogPages + ?Sized>(
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

/// Finds the first streams of a type after the id `after` by a scan of the log. The limit bounds the memory.
pub(super) async fn streams<S: LogPages + ?Sized>(
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
