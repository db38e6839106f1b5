//! How large a page may be.

use std::sync::Arc;

use crate::event::RecordedEvent;

/// The limit in bytes where a caller names none: 8 MiB.
pub(crate) const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// The most that one page may contain, in events and in bytes. A page that is not empty always contains at least one
/// event: an event that is larger than [`bytes`](PageLimit::bytes) is a page of its own.
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
    /// The largest number of events, at least 1: a store reads 0 as 1.
    pub events: usize,
    /// The largest sum of the events' [sizes](RecordedEvent::size), in bytes.
    pub bytes: usize,
}

impl PageLimit {
    /// At most `events` events, of any size.
    #[must_use]
    pub const fn events(events: usize) -> Self {
        Self { events, bytes: usize::MAX }
    }

    /// The same number of events, and at most `bytes` bytes.
    #[must_use]
    pub const fn within_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Takes events from `events`, in order, until the page is full. Returns them, and whether the page is full: no
    /// event is taken from the iterator after the page is.
    ///
    /// A store that has the events at hand makes its page with this.
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

    /// The smallest limit that contains both.
    pub(crate) fn or(self, other: Self) -> Self {
        Self { events: self.events.max(other.events), bytes: self.bytes.max(other.bytes) }
    }
}

/// What is left of a page's limit while the page is filled.
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

    /// Whether the next event, of this size, belongs to the page. The page is full once an event does not.
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

    /// How many more events the page may contain.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
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
