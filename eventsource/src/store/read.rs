//! The arguments and the results of reads.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::LogMark;
use crate::event::{Position, RecordedEvent};

/// The order in which a stream is read: see [`ReadStream::forward`] and [`ReadStream::backward`].
///
/// ```
/// use eventsource::ReadStream;
/// use eventsource::store::Direction;
///
/// assert_eq!(ReadStream::backward().direction(), Direction::Backward);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The first version first.
    Forward,
    /// The last version first.
    Backward,
}

/// Selects events of a stream, and the order in which they are read. The default is [`forward`](Self::forward): all
/// events, the first version first.
///
/// ```
/// use eventsource::ReadStream;
/// use eventsource::store::Direction;
///
/// let last_ten = ReadStream::backward().limit(10);
/// assert_eq!((last_ten.direction(), last_ten.max_count()), (Direction::Backward, Some(10)));
///
/// let some = ReadStream::forward().from(3).to(9);
/// assert_eq!((some.from_version(), some.to_version(), some.max_count()), (3, 9, None));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadStream {
    direction: Direction,
    from: u64,
    to: u64,
    limit: Option<usize>,
}

impl ReadStream {
    /// Selects all events, the first version first.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventStore, ReadStream};
    ///
    /// let first = &store.read_stream(&order, ReadStream::forward()).await?[0];
    /// assert_eq!(first.event_type(), "OrderPlaced");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn forward() -> Self {
        Self { direction: Direction::Forward, from: 1, to: u64::MAX, limit: None }
    }

    /// Selects all events, the last version first.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventStore, ReadStream};
    ///
    /// let last = &store.read_stream(&order, ReadStream::backward()).await?[0];
    /// assert_eq!(last.event_type(), "OrderPaid");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn backward() -> Self {
        Self { direction: Direction::Backward, ..Self::forward() }
    }

    /// Selects the versions that are `version` or higher. The default is 1.
    ///
    /// The direction does not matter: `backward().from(3)` begins at the last version and ends at version 3. To begin
    /// at version 3 and go down, write `backward().to(3)`.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventStore, ReadStream};
    ///
    /// let later = store.read_stream(&order, ReadStream::forward().from(2)).await?;
    /// assert_eq!(later[0].version(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn from(mut self, version: u64) -> Self {
        self.from = version;
        self
    }

    /// Selects the versions that are `version` or lower. The default is `u64::MAX`.
    ///
    /// The direction does not matter: `backward().to(3)` begins at version 3.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventStore, ReadStream};
    ///
    /// let earlier = store.read_stream(&order, ReadStream::backward().to(1)).await?;
    /// assert_eq!(earlier[0].version(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn to(mut self, version: u64) -> Self {
        self.to = version;
        self
    }

    /// Reads at most `events` events, in the order of reading. The default is no limit; with 0, no event is read.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventStore, ReadStream};
    ///
    /// assert_eq!(store.read_stream(&order, ReadStream::backward().limit(1)).await?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn limit(mut self, events: usize) -> Self {
        self.limit = Some(events);
        self
    }

    /// Returns the order of reading.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// Returns the lowest version to read; 1 by default.
    #[must_use]
    pub const fn from_version(&self) -> u64 {
        self.from
    }

    /// Returns the highest version to read; `u64::MAX` by default.
    #[must_use]
    pub const fn to_version(&self) -> u64 {
        self.to
    }

    /// Returns the maximum number of events to read; `None` (the default) means no limit.
    #[must_use]
    pub const fn max_count(&self) -> Option<usize> {
        self.limit
    }
}

/// A page of the log. [`EventLog::read_log`](super::EventLog::read_log) returns it.
///
/// ```
/// use eventsource::{LogPage, Position};
///
/// // No event matched up to position 7, which is the end of the log.
/// let page = LogPage::new(Vec::new(), false, Position::new(7));
/// assert_eq!((page.horizon, page.is_full), (Position::new(7), false));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LogPage {
    /// The events, in position order.
    pub events: Vec<Arc<RecordedEvent>>,
    /// The position up to which the log was searched, so the next page begins after it. [`events`](LogPage::events)
    /// contains every matching event from the start of the search up to here, and no other can appear later ([no
    /// gaps](crate::guarantees#no-gaps)).
    ///
    /// It is the position of the last event if the page is full. Otherwise it is the end of the readable log, also if
    /// no event matched.
    pub horizon: Position,
    /// Whether the page ended at its [limit](super::PageLimit), in events or in bytes. There can be more events: read
    /// the next page at once. A page that is not full was searched up to the end of the readable log: wait for a
    /// [wake-up](super::EventLog::wake_ups), or poll again after a pause.
    pub is_full: bool,
    /// The last event of the log at or before the position where the search began, at the time of the read.
    ///
    /// A reader detects with it that the log is not the one that it has read so far. `None` if there is no such event,
    /// or if the store does not return it: the reader then calls
    /// [`EventLog::last_event`](super::EventLog::last_event).
    pub before: Option<LogMark>,
    /// The last event of the log at or before the [`horizon`](LogPage::horizon), whether it matches the filter or not;
    /// `None` if there is none, or if the store does not return it.
    pub last: Option<LogMark>,
}

impl LogPage {
    /// Creates a page of `events`. Its horizon is the position of the last event if it is full, and `searched`
    /// otherwise.
    ///
    /// [`before`](LogPage::before) is `None`, and [`last`](LogPage::last) is the last of `events`.
    ///
    /// # Examples
    /// ```
    /// use eventsource::{LogPage, Position};
    ///
    /// // The log has no matching event after the start of the search, and ends at position 7.
    /// assert_eq!(LogPage::new(Vec::new(), false, Position::new(7)).horizon, Position::new(7));
    /// ```
    #[must_use]
    pub fn new(events: Vec<Arc<RecordedEvent>>, is_full: bool, searched: Position) -> Self {
        let last = events.last().map(|event| LogMark::of(event));
        let horizon = last.filter(|_| is_full).map_or(searched, |last| last.position);
        Self { events, horizon, is_full, before: None, last }
    }

    /// Sets [`before`](LogPage::before): the last event of the log at or before the position where the search began.
    /// Used by stores.
    ///
    /// # Examples
    /// ```
    /// use eventsource::store::LogMark;
    /// use eventsource::{LogPage, Position};
    ///
    /// let before = LogMark::new(Position::new(3), uuid::Uuid::now_v7());
    /// let page = LogPage::new(Vec::new(), false, Position::new(7)).following(Some(before));
    /// assert_eq!(page.before, Some(before));
    /// ```
    #[must_use]
    pub const fn following(mut self, before: Option<LogMark>) -> Self {
        self.before = before;
        self
    }

    /// Sets [`last`](LogPage::last): the last event of the log at or before the horizon. Used by stores.
    ///
    /// An event after the horizon is ignored, and so is an event before the last one of the page.
    ///
    /// # Examples
    /// ```
    /// use eventsource::store::LogMark;
    /// use eventsource::{LogPage, Position};
    ///
    /// let (inside, behind) = (Position::new(7), Position::new(8));
    /// let mark = |position| Some(LogMark::new(position, uuid::Uuid::now_v7()));
    /// let page = LogPage::new(Vec::new(), false, Position::new(7));
    /// assert_eq!(page.clone().up_to(mark(behind)).last, None);
    /// assert_eq!(page.up_to(mark(inside)).last.map(|last| last.position), Some(inside));
    /// ```
    #[must_use]
    pub fn up_to(mut self, last: Option<LogMark>) -> Self {
        let last = last.filter(|last| last.position <= self.horizon);
        self.last = self.last.into_iter().chain(last).max_by_key(|mark| mark.position);
        self
    }
}

/// A page of a stream. [`EventLog::read_stream_page`](super::EventLog::read_stream_page) returns it.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::{EventLog, EventStore, PageLimit, ReadStream};
///
/// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
/// # let store = MemoryEventStore::new();
/// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
/// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
/// # store.append(&order, ExpectedVersion::NoStream, events).await?;
/// let page = store.read_stream_page(&order, ReadStream::forward(), PageLimit::events(1)).await?;
/// assert_eq!((page.events.len(), page.is_full), (1, true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StreamPage {
    /// The events, in the order of reading.
    pub events: Vec<Arc<RecordedEvent>>,
    /// Whether the page ended at its [limit](super::PageLimit), in events or in bytes. There can be more events.
    pub is_full: bool,
}

impl StreamPage {
    /// Creates a page of `events`. `is_full` says whether the page ended at its limit. Used by stores.
    ///
    /// # Examples
    /// ```
    /// use eventsource::store::StreamPage;
    ///
    /// let page = StreamPage::new(Vec::new(), false);
    /// assert!(page.events.is_empty() && !page.is_full);
    /// ```
    #[must_use]
    pub const fn new(events: Vec<Arc<RecordedEvent>>, is_full: bool) -> Self {
        Self { events, is_full }
    }
}

/// The number of events after a position, and the time of the oldest one.
/// [`EventLog::backlog`](super::EventLog::backlog) returns it.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::{EventLog, EventStore, Position};
///
/// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
/// # let store = MemoryEventStore::new();
/// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
/// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
/// # store.append(&order, ExpectedVersion::NoStream, events).await?;
/// let backlog = store.backlog(Position::START, 100).await?;
/// assert_eq!(backlog.events, 2);
/// assert!(backlog.oldest.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Backlog {
    /// The number of events, at most the limit of the call. A store whose positions have no gaps can return the
    /// difference of two positions.
    pub events: u64,
    /// The time at which the oldest of the events was stored.
    ///
    /// A store returns the earliest time of the first 100 events: the clock that stored the first one may have been
    /// fast, and the first event waits at least as long as any later one.
    pub oldest: Option<DateTime<Utc>>,
}

impl Backlog {
    /// The number of events that a store compares to find [`oldest`](Self::oldest).
    pub const LOOKED_AT: usize = 100;

    /// Creates a backlog of `events` events, the oldest of which was stored at `oldest`. Used by stores.
    ///
    /// # Examples
    /// ```
    /// use eventsource::store::Backlog;
    ///
    /// assert_eq!(Backlog::new(0, None), Backlog::default());
    /// ```
    #[must_use]
    pub const fn new(events: u64, oldest: Option<DateTime<Utc>>) -> Self {
        Self { events, oldest }
    }
}

/// An event type that is stored in the log.
/// [`EventLog::event_types_except`](super::EventLog::event_types_except) returns it.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::{EventLog, EventStore, Position};
///
/// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
/// # let store = MemoryEventStore::new();
/// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
/// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
/// # store.append(&order, ExpectedVersion::NoStream, events).await?;
/// let head = store.head().await?;
/// let unknown = store.event_types_except(&["OrderPlaced"], Position::START, head, 10).await?;
/// assert_eq!((unknown[0].name.as_str(), unknown[0].first), ("OrderPaid", Position::new(2)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct StoredType {
    /// The stored name of the event type.
    pub name: String,
    /// The position of its first event in the searched part of the log.
    pub first: Position,
}

impl StoredType {
    /// Creates the entry of the type `name` whose first event has the position `first`.
    ///
    /// # Examples
    /// ```
    /// use eventsource::Position;
    /// use eventsource::store::StoredType;
    ///
    /// assert_eq!(StoredType::new("OrderPaid", Position::new(2)).name, "OrderPaid");
    /// ```
    #[must_use]
    pub fn new(name: impl Into<String>, first: Position) -> Self {
        Self { name: name.into(), first }
    }
}
