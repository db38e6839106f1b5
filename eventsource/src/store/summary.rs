//! What a log says about many events at once: a backlog, and the types that are stored.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::event::Position;

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
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
