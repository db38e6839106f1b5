//! What a reader asks a store for, and what it is given.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::LogMark;
use crate::event::{Position, RecordedEvent};

/// The order in which a stream is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The first version first.
    Forward,
    /// The last version first.
    Backward,
}

/// Which events of a stream to read, and in which order.
///
/// ```
/// use eventsource::ReadStream;
/// let last_ten = ReadStream::backward().limit(10);
/// let some = ReadStream::forward().from(3).to(9);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadStream {
    direction: Direction,
    from: u64,
    to: u64,
    limit: Option<usize>,
}

impl ReadStream {
    /// All events, the first one first.
    #[must_use]
    pub const fn forward() -> Self {
        Self { direction: Direction::Forward, from: 1, to: u64::MAX, limit: None }
    }

    /// All events, the last one first.
    #[must_use]
    pub const fn backward() -> Self {
        Self { direction: Direction::Backward, ..Self::forward() }
    }

    /// Only versions from `version` on, itself included, in both directions.
    #[must_use]
    pub const fn from(mut self, version: u64) -> Self {
        self.from = version;
        self
    }

    /// Only versions up to `version`, itself included, in both directions.
    #[must_use]
    pub const fn to(mut self, version: u64) -> Self {
        self.to = version;
        self
    }

    /// At most the first `events` in the order of reading.
    #[must_use]
    pub const fn limit(mut self, events: usize) -> Self {
        self.limit = Some(events);
        self
    }

    /// The order of reading.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// The lowest version to read; 1 by default.
    #[must_use]
    pub const fn from_version(&self) -> u64 {
        self.from
    }

    /// The highest version to read; `u64::MAX` by default.
    #[must_use]
    pub const fn to_version(&self) -> u64 {
        self.to
    }

    /// The largest number of events to read; `None` (the default) means no limit.
    #[must_use]
    pub const fn max_count(&self) -> Option<usize> {
        self.limit
    }
}

/// A page of the log.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LogPage {
    /// The events, in position order.
    pub events: Vec<Arc<RecordedEvent>>,
    /// How far the log was searched: every event up to here that passes the filter, and lies after where the search
    /// began, is in [`events`](LogPage::events), and no other can still appear ([no gaps](crate::guarantees#no-gaps)). The last event's position in
    /// a full page; at least that in one which is not full.
    pub horizon: Position,
    /// Whether the page ended at its [limit](super::PageLimit), in events or in bytes: there may be more events up to
    /// the end of the log. A page that is not full was searched up to the end of the log.
    pub is_full: bool,
    /// The last event of the log at or before where the search began, when the page was read. By it a reader notices that
    /// the log is not the one that it has read so far. `None` where there is none or the store does not say: the reader
    /// then asks [`EventStore::last_event`](super::EventStore::last_event).
    pub before: Option<LogMark>,
    /// The last event of the log at or before the [`horizon`](LogPage::horizon), whether the filter lets it pass or not;
    /// `None` where there is none or the store does not say.
    pub last: Option<LogMark>,
}

impl LogPage {
    /// A page of `events`: its horizon is the last event's position where it is full, and `searched` where it is not. It
    /// says nothing of the event before it, and of its own last event that it is the last one.
    #[must_use]
    pub fn new(events: Vec<Arc<RecordedEvent>>, is_full: bool, searched: Position) -> Self {
        let last = events.last().map(|event| LogMark::of(event));
        let horizon = last.filter(|_| is_full).map_or(searched, |last| last.position);
        Self { events, horizon, is_full, before: None, last }
    }

    /// The same page, with the last event of the log at or before where the search began.
    #[must_use]
    pub const fn following(mut self, before: Option<LogMark>) -> Self {
        self.before = before;
        self
    }

    /// The same page, with the last event of the log at or before the horizon. One after the horizon is left out.
    #[must_use]
    pub fn up_to(mut self, last: Option<LogMark>) -> Self {
        let last = last.filter(|last| last.position <= self.horizon);
        self.last = self.last.into_iter().chain(last).max_by_key(|mark| mark.position);
        self
    }
}

/// A page of a stream.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StreamPage {
    /// The events, in the order of reading.
    pub events: Vec<Arc<RecordedEvent>>,
    /// Whether the page ended at its [limit](super::PageLimit), in events or in bytes: there may be more events.
    pub is_full: bool,
}

impl StreamPage {
    /// Creates a page of `events`, for authors of stores. `is_full`: it ended at its limit.
    #[must_use]
    pub const fn new(events: Vec<Arc<RecordedEvent>>, is_full: bool) -> Self {
        Self { events, is_full }
    }
}

/// What of the log lies after a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Backlog {
    /// The number of events; the limit of the question where there are at least that many. A store whose positions have
    /// no gaps may take the difference of two positions for it.
    pub events: u64,
    /// The earliest time at which one of the first of them was stored. A store looks at the first 100: the clock that
    /// stored the very first may have been ahead, and the first event has waited for at least as long as a later one.
    pub oldest: Option<DateTime<Utc>>,
}

impl Backlog {
    /// How many of the first events a store looks at to find [`oldest`](Self::oldest).
    pub const LOOKED_AT: usize = 100;

    /// Creates a backlog of `events`, for authors of stores.
    #[must_use]
    pub const fn new(events: u64, oldest: Option<DateTime<Utc>>) -> Self {
        Self { events, oldest }
    }
}

/// A type of events that is stored in the log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct StoredType {
    /// Its stored name.
    pub name: String,
    /// Where its first event stands, of those that were asked for.
    pub first: Position,
}

impl StoredType {
    /// The type `name`, whose first event stands at `first`.
    #[must_use]
    pub fn new(name: impl Into<String>, first: Position) -> Self {
        Self { name: name.into(), first }
    }
}
