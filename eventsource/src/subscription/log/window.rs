//! What was read of late, for those who come after.

use std::collections::VecDeque;
use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::event::{EventFilter, Position, RecordedEvent};
use crate::store::LogPage;

/// How many full pages are kept at most, of the largest that somebody reads (law 10).
const PAGES: usize = 4;

/// How many segments are kept at most, however small.
const SEGMENTS: usize = 32;

/// What lies between two positions and passes a filter.
pub(super) struct Segment {
    pub(super) from: Position,
    pub(super) horizon: Position,
    /// Whether the log ended at the horizon when it was read.
    ends: bool,
    filter: Arc<EventFilter>,
    events: Vec<Arc<RecordedEvent>>,
}

/// What a subscription is given of the log.
pub(in crate::subscription) struct Page {
    events: Events,
    /// Every event up to here that is the subscription's own, and comes after where it stood, is in the page.
    pub(in crate::subscription) horizon: Position,
    /// Where the log ended when it was last looked into, where the page comes to there.
    pub(in crate::subscription) end: Option<Position>,
    /// Whether there may be more.
    pub(in crate::subscription) more: bool,
}

enum Events {
    Own(Vec<Arc<RecordedEvent>>),
    /// All that lies in a part of a segment.
    All(Arc<Segment>, Range<usize>),
    /// Some of what lies in a segment, which is held: with it goes what was decoded of its events.
    Some(#[expect(dead_code, reason = "it is held")] Arc<Segment>, Vec<Arc<RecordedEvent>>),
}

impl Segment {
    /// Of `page`, which was read for several after `from` with this limit.
    pub(super) fn new(from: Position, page: LogPage, filter: Arc<EventFilter>, limit: usize) -> Self {
        let LogPage { events, horizon } = page;
        events.iter().for_each(|event| event.decoded().share());
        Self { from, horizon, ends: events.len() < limit, filter, events }
    }

    /// What comes after `after`. Who asked before it was read is told as well that the log ends here.
    pub(super) fn page(self: &Arc<Self>, after: Position, filter: &EventFilter, limit: usize, fresh: bool) -> Page {
        let first = self.events.partition_point(|event| event.position() <= after);
        let rest = &self.events[first..];
        let (events, is_full) = if *filter == *self.filter {
            let count = rest.len().min(limit);
            (Events::All(Arc::clone(self), first..first + count), count == limit)
        } else {
            let wanted = rest.iter().filter(|event| filter.matches(event));
            let events: Vec<_> = wanted.take(limit).cloned().collect();
            let is_full = events.len() == limit;
            (Events::Some(Arc::clone(self), events), is_full)
        };
        let last = events.last().map(|last| last.position()).filter(|_| is_full);
        Page {
            horizon: last.unwrap_or(self.horizon),
            end: (self.ends && last.is_none()).then_some(self.horizon),
            more: last.is_some() || !self.ends || !fresh,
            events,
        }
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        self.events.iter().for_each(|event| event.decoded().end_sharing());
    }
}

impl Page {
    /// Of `page`, which one alone has read, with this limit.
    pub(super) fn alone(page: LogPage, limit: usize) -> Self {
        let LogPage { events, horizon } = page;
        let more = events.len() >= limit;
        Self { events: Events::Own(events), horizon, end: (!more).then_some(horizon), more }
    }

    /// Cuts it off before the event at `position`: there is more, and not to be had.
    pub(in crate::subscription) fn end_before(&mut self, position: Position) {
        let count = self.events.partition_point(|event| event.position() < position);
        match &mut self.events {
            Events::Own(events) | Events::Some(_, events) => events.truncate(count),
            Events::All(_, range) => range.end = range.start + count,
        }
        (self.horizon, self.end, self.more) = (Position::new(position.value() - 1), None, true);
    }

    /// The events, in position order.
    pub(in crate::subscription) fn events(&self) -> &[Arc<RecordedEvent>] {
        &self.events
    }
}

impl Deref for Events {
    type Target = [Arc<RecordedEvent>];

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Own(events) | Self::Some(_, events) => events,
            Self::All(segment, range) => segment.events.get(range.clone()).unwrap_or_default(),
        }
    }
}

/// What was read of late, in the order in which it was read.
#[derive(Default)]
pub(super) struct Window(VecDeque<Arc<Segment>>);

impl Window {
    /// What comes after `after`, where it is known and goes on from there.
    pub(super) fn page(&self, after: Position, filter: &EventFilter, limit: usize) -> Option<Page> {
        let covers =
            |segment: &&Arc<Segment>| segment.from <= after && after < segment.horizon && segment.filter.covers(filter);
        self.0.iter().find(covers).map(|segment| segment.page(after, filter, limit, false))
    }

    /// Between which positions everything can be had here without a gap, around `position`.
    pub(super) fn around(&self, position: Position) -> (Position, Position) {
        let (mut first, mut last) = (position, position);
        loop {
            let before = (first, last);
            for segment in &self.0 {
                if segment.from <= last && first <= segment.horizon {
                    (first, last) = (first.min(segment.from), last.max(segment.horizon));
                }
            }
            if (first, last) == before {
                return before;
            }
        }
    }

    /// Adds a segment, where the largest page that somebody reads has `most` events. Returns what gives way to it.
    pub(super) fn add(&mut self, segment: Arc<Segment>, most: usize) -> Vec<Arc<Segment>> {
        let mut passed = Vec::new();
        if segment.horizon == segment.from {
            return passed;
        }
        self.0.push_back(segment);
        let mut events: usize = self.0.iter().map(|segment| segment.events.len()).sum();
        while events > PAGES * most || self.0.len() > SEGMENTS {
            let Some(oldest) = self.0.pop_front() else { break };
            events -= oldest.events.len();
            passed.push(oldest);
        }
        passed
    }

    /// Takes the segments out that are not `needed`: it is asked about each by the position from which one can come to it
    /// without a gap, and its horizon.
    pub(super) fn sift(&mut self, needed: impl Fn((Position, Position)) -> bool) -> Vec<Arc<Segment>> {
        let mut passed = Vec::new();
        let mut at = 0;
        while let Some(segment) = self.0.get(at) {
            if needed((self.around(segment.from).0, segment.horizon)) {
                at += 1;
            } else {
                passed.extend(self.0.remove(at));
            }
        }
        passed
    }
}
