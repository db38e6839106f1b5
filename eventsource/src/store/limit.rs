//! The limits of pages.

use std::sync::Arc;

use crate::event::RecordedEvent;

/// The default limit in bytes: 8 MiB.
pub(crate) const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// The limit of a page, in events and in bytes.
///
/// A page that is not empty contains at least one event: an event that is larger than [`bytes`](PageLimit::bytes) gets
/// its own page, also with a limit of 0 bytes.
///
/// ```
/// use eventsource::PageLimit;
///
/// let limit = PageLimit::events(1_000).within_bytes(8 * 1024 * 1024);
/// assert_eq!((limit.events, limit.bytes), (1_000, 8_388_608));
/// assert_eq!(PageLimit::events(10).bytes, usize::MAX);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PageLimit {
    /// The maximum number of events. A store treats 0 as 1.
    pub events: usize,
    /// The maximum sum of the [sizes](RecordedEvent::size) of the events, in bytes.
    pub bytes: usize,
}

impl PageLimit {
    /// Limits a page to `events` events, of any size.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventFilter, EventLog, EventStore, PageLimit, Position};
    ///
    /// let page = store.read_log(Position::START, &EventFilter::all(), PageLimit::events(1)).await?;
    /// assert_eq!((page.events.len(), page.is_full), (1, true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn events(events: usize) -> Self {
        Self { events, bytes: usize::MAX }
    }

    /// Limits a page to `bytes` bytes too.
    ///
    /// # Examples
    /// ```
    /// use eventsource::PageLimit;
    ///
    /// // At most 1,000 events and at most 1 MiB.
    /// let limit = PageLimit::events(1_000).within_bytes(1024 * 1024);
    /// ```
    #[must_use]
    pub const fn within_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Takes the first events of the iterator `events`, in order, until the page is full. Returns them, and whether the
    /// page is full.
    ///
    /// A store that has the events in memory builds its page with it. The event after a page that is full by its bytes
    /// is taken from the iterator and dropped.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// use eventsource::{NewEvent, PageLimit, Position, StreamId};
    ///
    /// let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// let event = |at| {
    ///     let event = NewEvent::raw("OrderPaid", 1, "{}");
    ///     Arc::new(event.record(order.clone(), at, Position::new(at), chrono::Utc::now()))
    /// };
    /// let (taken, is_full) = PageLimit::events(2).take((1..=3).map(event));
    /// assert_eq!((taken.len(), is_full), (2, true));
    /// ```
    pub fn take(self, events: impl IntoIterator<Item = Arc<RecordedEvent>>) -> (Vec<Arc<RecordedEvent>>, bool) {
        let (mut room, mut taken) = (Room::new(self), Vec::new());
        for event in events {
            if !room.admits(event.size()) {
                break;
            }
            taken.push(event);
            if room.is_full() {
                break;
            }
        }
        (taken, room.is_full())
    }

    /// Returns the smallest limit that includes both limits.
    pub(crate) fn or(self, other: Self) -> Self {
        Self { events: self.events.max(other.events), bytes: self.bytes.max(other.bytes) }
    }
}

/// The rest of a limit while a page is filled.
#[derive(Debug)]
pub(crate) struct Room {
    events: usize,
    bytes: usize,
    is_empty: bool,
}

impl Room {
    pub(crate) fn new(limit: PageLimit) -> Self {
        Self { events: limit.events.max(1), bytes: limit.bytes, is_empty: true }
    }

    /// Returns whether the next event, which has this size, fits into the page. If not, the page is full.
    pub(crate) fn admits(&mut self, size: usize) -> bool {
        if self.events == 0 {
            return false;
        }
        match self.bytes.checked_sub(size) {
            Some(left) => self.bytes = left,
            None if self.is_empty => self.bytes = 0,
            None => {
                self.events = 0;
                return false;
            }
        }
        self.events -= 1;
        self.is_empty = false;
        true
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.events == 0
    }

    /// Returns the number of events that still fit into the page.
    #[cfg(feature = "_sql")]
    pub(crate) const fn events(&self) -> usize {
        self.events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(limit: PageLimit, sizes: &[usize]) -> (usize, bool) {
        let mut room = Room::new(limit);
        let count = sizes.iter().take_while(|size| room.admits(**size)).count();
        (count, room.is_full())
    }

    #[test]
    fn page_ends_before_the_event_that_exceeds_its_bytes() {
        let limit = PageLimit::events(10).within_bytes(100);
        assert_eq!(admitted(limit, &[40, 60]), (2, false));
        assert_eq!(admitted(limit, &[40, 60, 1]), (2, true));
        assert_eq!(admitted(limit, &[40, 60, 0]), (3, false));
        assert_eq!(admitted(limit, &[40, 61, 1]), (1, true));
    }

    #[test]
    fn page_admits_one_event_of_any_size() {
        let limit = PageLimit::events(10).within_bytes(100);
        assert_eq!(admitted(limit, &[101]), (1, false));
        assert_eq!(admitted(limit, &[101, 1]), (1, true));
        assert_eq!(admitted(PageLimit::events(0), &[1, 1]), (1, true));
    }
}
