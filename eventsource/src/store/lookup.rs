//! Look-ups: an event by its id, the log backwards, and the streams of a type. Contains their results, and the scans
//! that stores without an index use.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use uuid::Uuid;

use super::{
    Direction, EventFilter, LogPage, PAGE_BYTES, PageLimit, ReadStream, Room, StoreError, StoredType, StreamPage,
};
use crate::event::{Position, RecordedEvent, StreamId};

/// A page of the log, read backwards. [`EventLog::read_log_back`](crate::EventLog::read_log_back) returns it.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::{EventFilter, EventLog, EventStore, PageLimit};
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

/// Reads pages of the log. Every log does.
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

/// The last events that were pushed, up to a limit, the last one first. The limit bounds the memory.
struct Last {
    events: VecDeque<Arc<RecordedEvent>>,
    bytes: usize,
    limit: PageLimit,
    left_out: bool,
}

impl Last {
    const fn new(limit: PageLimit) -> Self {
        Self { events: VecDeque::new(), bytes: 0, limit, left_out: false }
    }

    fn push(&mut self, event: &Arc<RecordedEvent>) {
        self.bytes = self.bytes.saturating_add(event.size());
        self.events.push_front(Arc::clone(event));
        let most = self.limit.events.max(1);
        while self.events.len() > most || (self.events.len() > 1 && self.bytes > self.limit.bytes) {
            self.bytes -= self.events.pop_back().map_or(0, |event| event.size());
            self.left_out = true;
        }
    }

    /// Returns the events of the page, and whether it is full.
    fn page(self) -> (Vec<Arc<RecordedEvent>>, bool) {
        let (events, is_full) = self.limit.take(self.events);
        (events, is_full || self.left_out)
    }
}

/// Finds the last events before `before` by a scan of the log.
pub(super) async fn read_log_back<S: LogPages + ?Sized>(
    store: &S,
    before: Option<Position>,
    filter: &EventFilter,
    limit: PageLimit,
) -> Result<BackwardPage, StoreError> {
    let mut last = Last::new(limit);
    scan(store, filter, |event| {
        let is_wanted = before.is_none_or(|before| event.position() < before);
        if is_wanted {
            last.push(event);
        }
        is_wanted
    })
    .await?;
    let (events, is_full) = last.page();
    Ok(BackwardPage { events, is_full })
}

/// Finds a page of a stream by a scan of the log.
pub(super) async fn stream_page<S: LogPages + ?Sized>(
    log: &S,
    stream: &StreamId,
    read: ReadStream,
    limit: PageLimit,
) -> Result<StreamPage, StoreError> {
    let most = read.max_count().unwrap_or(usize::MAX);
    let filter = EventFilter::all().aggregates([stream.aggregate_type().to_owned()]);
    let is_wanted = |event: &RecordedEvent| {
        event.stream() == stream && (read.from_version()..=read.to_version()).contains(&event.version())
    };
    let (events, is_full) = match read.direction() {
        Direction::Forward => {
            let (mut events, mut room) = (Vec::new(), Room::new(limit));
            scan(log, &filter, |event| {
                if !is_wanted(event) {
                    return true;
                }
                if events.len() >= most || !room.admits(event.size()) {
                    return false;
                }
                events.push(Arc::clone(event));
                !room.is_full()
            })
            .await?;
            (events, room.is_full())
        }
        Direction::Backward => {
            // With a limit of its own, the read ends there, and the page is not full.
            let mut last = Last::new(PageLimit { events: limit.events.max(1).min(most.max(1)), ..limit });
            scan(log, &filter, |event| {
                if is_wanted(event) {
                    last.push(event);
                }
                true
            })
            .await?;
            let (mut events, is_full) = last.page();
            events.truncate(most);
            let ends_at_limit = events.len() < most || limit.events.max(1) <= most;
            (events, is_full && ends_at_limit)
        }
    };
    Ok(StreamPage { events, is_full })
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

/// Finds the first event types in `(after, to]` that are not in `known` by a scan of that part of the log.
pub(super) async fn event_types_except<S: LogPages + ?Sized>(
    log: &S,
    known: &[&str],
    mut after: Position,
    to: Position,
    limit: usize,
) -> Result<Vec<StoredType>, StoreError> {
    let mut found = Vec::<StoredType>::new();
    while found.len() < limit && after < to {
        let page = log.page(after, &EventFilter::all(), SCAN).await?;
        for event in page.events.iter().take_while(|event| event.position() <= to) {
            let name = event.event_type();
            if found.len() < limit && !known.contains(&name) && !found.iter().any(|stored| stored.name == name) {
                found.push(StoredType::new(name, event.position()));
            }
        }
        if !page.is_full {
            break;
        }
        after = page.horizon;
    }
    Ok(found)
}
