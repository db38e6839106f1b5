//! The pages that reads of the log and of a stream return.

use std::sync::Arc;

use super::LogMark;
use crate::event::{Position, RecordedEvent};

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
