//! What was read of late, for those who come after.

use std::collections::VecDeque;
use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::event::{EventFilter, Position, RecordedEvent};
use crate::store::{LogMark, LogPage, PageLimit, Room};

/// How many full pages are kept at most, in events and in bytes, of the largest that a subscription reads.
const PAGES: usize = 4;

/// How many segments are kept at most, however small.
const SEGMENTS: usize = 32;

/// What lies between two positions and passes a filter.
pub(super) struct Segment {
    pub(super) from: Position,
    pub(super) horizon: Position,
    /// Whether the log ended at the horizon when it was read.
    ends: bool,
    /// The last event of the log at or before where it begins, and at or before the horizon.
    before: Option<LogMark>,
    last: Option<LogMark>,
    filter: Arc<EventFilter>,
    events: Vec<Arc<RecordedEvent>>,
    /// The sum of the events' sizes.
    bytes: usize,
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
    /// An event at or before where the page begins that was in the log when the page was read.
    pub(in crate::subscription) before: Option<LogMark>,
    /// An event at or before the horizon that was in the log when the page was read; the last one, as far as it is known.
    last: Option<LogMark>,
}

enum Events {
    Own(Vec<Arc<RecordedEvent>>),
    /// All that lies in a part of a segment.
    All(Arc<Segment>, Range<usize>),
    /// Some of what lies in a segment, which is held: with it goes what was decoded of its events.
    Some(#[expect(dead_code, reason = "it is held")] Arc<Segment>, Vec<Arc<RecordedEvent>>),
}

impl Segment {
    /// Of `page`, which was read for several after `from`.
    pub(super) fn new(from: Position, page: LogPage, filter: Arc<EventFilter>) -> Self {
        let LogPage { events, horizon, is_full, before, last } = page;
        events.iter().for_each(|event| event.decoded().share());
        let bytes = events.iter().map(|event| event.size()).sum();
        Self { from, horizon, ends: !is_full, before, last, filter, events, bytes }
    }

    /// What comes after `after`. Who asked before it was read is told as well that the log ends here.
    pub(super) fn page(self: &Arc<Self>, after: Position, filter: &EventFilter, limit: PageLimit, fresh: bool) -> Page {
        let first = self.events.partition_point(|event| event.position() <= after);
        let (passed, rest) = self.events.split_at_checked(first).unwrap_or_default();
        let before = passed.last().map(|event| LogMark::of(event)).or(self.before);
        let (events, is_full) = if *filter == *self.filter {
            let mut room = Room::new(limit);
            let count = rest.iter().take_while(|event| room.admits(event.size())).count();
            (Events::All(Arc::clone(self), first..first + count), room.is_full())
        } else {
            let (events, is_full) = limit.take(rest.iter().filter(|event| filter.matches(event)).cloned());
            (Events::Some(Arc::clone(self), events), is_full)
        };
        let last = events.last().map(|last| last.position()).filter(|_| is_full);
        Page {
            horizon: last.unwrap_or(self.horizon),
            end: (self.ends && last.is_none()).then_some(self.horizon),
            more: last.is_some() || !self.ends || !fresh,
            before,
            last: if is_full { None } else { self.last },
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
    /// Of `page`, which one alone has read.
    pub(super) fn alone(page: LogPage) -> Self {
        let LogPage { events, horizon, is_full, before, last } = page;
        let end = (!is_full).then_some(horizon);
        Self { events: Events::Own(events), horizon, end, more: is_full, before, last }
    }

    /// The last event at or before `to` that was in the log when the page was read, as far as the page tells.
    pub(in crate::subscription) fn mark_at(&self, to: Position) -> Option<LogMark> {
        let own = self.events.iter().take_while(|event| event.position() <= to).last().map(|event| LogMark::of(event));
        own.into_iter().chain(self.last.filter(|last| last.position <= to)).max_by_key(|mark| mark.position)
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
    pub(super) fn page(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Option<Page> {
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

    /// Adds a segment, where the largest page that a subscription reads is `most`. Returns the segments that give way.
    pub(super) fn add(&mut self, segment: Arc<Segment>, most: PageLimit) -> Vec<Arc<Segment>> {
        let mut passed = Vec::new();
        if segment.horizon == segment.from {
            return passed;
        }
        self.0.push_back(segment);
        let mut events: usize = self.0.iter().map(|segment| segment.events.len()).sum();
        let mut bytes: usize = self.0.iter().map(|segment| segment.bytes).sum();
        let is_over = |count: usize, most: usize| count > most.saturating_mul(PAGES);
        while is_over(events, most.events) || is_over(bytes, most.bytes) || self.0.len() > SEGMENTS {
            let Some(oldest) = self.0.pop_front() else { break };
            events -= oldest.events.len();
            bytes -= oldest.bytes;
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
