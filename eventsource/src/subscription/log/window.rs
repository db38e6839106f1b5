//! The window: pages that were read for several readers, kept until the last of them has passed.

use std::collections::VecDeque;
use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::event::{EventFilter, Position, RecordedEvent};
use crate::store::{LogMark, LogPage, PageLimit, Room};

/// Whether a read begins after a reader has asked for the page. Only then it tells that reader where the log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// The store is asked after the reader has asked.
    Fresh,
    /// The store may have been asked before.
    Stale,
}

/// The largest size of the window, in pages of the largest limit of a reader.
const PAGES: usize = 4;

/// The largest number of segments, of any size.
const SEGMENTS: usize = 32;

/// The events between two positions that match a filter.
pub(super) struct Segment {
    pub(super) from: Position,
    pub(super) horizon: Position,
    /// Whether the log ended at the horizon when it was read.
    ends: bool,
    /// The last event of the log at or before `from`.
    before: Option<LogMark>,
    /// The last event of the log at or before the horizon.
    last: Option<LogMark>,
    filter: Arc<EventFilter>,
    events: Vec<Arc<RecordedEvent>>,
    /// The sum of the events' sizes.
    bytes: usize,
}

/// A page of the log, as a subscription gets it.
pub(in crate::subscription) struct Page {
    events: Events,
    /// The page contains every event of the subscription up to this position.
    pub(in crate::subscription) horizon: Position,
    /// The end of the log, if the page reaches it.
    pub(in crate::subscription) end: Option<Position>,
    /// Whether there may be more events.
    pub(in crate::subscription) more: bool,
    /// An event at or before the start of the page that was in the log when the page was read.
    pub(in crate::subscription) before: Option<LogMark>,
    /// The last known event at or before the horizon that was in the log when the page was read.
    last: Option<LogMark>,
}

enum Events {
    Own(Vec<Arc<RecordedEvent>>),
    /// A range of a segment.
    All(Arc<Segment>, Range<usize>),
    /// Some events of a segment. The segment is held, because dropping it drops the decoded events.
    Some(#[expect(dead_code, reason = "it is held")] Arc<Segment>, Vec<Arc<RecordedEvent>>),
}

impl Segment {
    /// Creates a segment of `page`, which was read after `from`.
    pub(super) fn new(from: Position, page: LogPage, filter: Arc<EventFilter>) -> Self {
        let LogPage { events, horizon, is_full, before, last } = page;
        events.iter().for_each(|event| event.decoded().share());
        let bytes = events.iter().map(|event| event.size()).sum();
        Self { from, horizon, ends: !is_full, before, last, filter, events, bytes }
    }

    /// Returns the page after `after`. Only of a fresh read it says that the log ends here.
    pub(super) fn page(
        self: &Arc<Self>,
        after: Position,
        filter: &EventFilter,
        limit: PageLimit,
        freshness: Freshness,
    ) -> Page {
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
            more: last.is_some() || !self.ends || freshness == Freshness::Stale,
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
    /// Creates a page that was read for one reader alone.
    pub(super) fn alone(page: LogPage) -> Self {
        let LogPage { events, horizon, is_full, before, last } = page;
        let end = (!is_full).then_some(horizon);
        Self { events: Events::Own(events), horizon, end, more: is_full, before, last }
    }

    /// Returns the last event at or before `to` that the page knows.
    pub(in crate::subscription) fn mark_at(&self, to: Position) -> Option<LogMark> {
        let own = self.events.iter().take_while(|event| event.position() <= to).last().map(|event| LogMark::of(event));
        own.into_iter().chain(self.last.filter(|last| last.position <= to)).max_by_key(|mark| mark.position)
    }

    /// Ends the page before the event at `position`.
    pub(in crate::subscription) fn end_before(&mut self, position: Position) {
        let count = self.events.partition_point(|event| event.position() < position);
        match &mut self.events {
            Events::Own(events) | Events::Some(_, events) => events.truncate(count),
            Events::All(_, range) => range.end = range.start + count,
        }
        (self.horizon, self.end, self.more) = (Position::new(position.value() - 1), None, true);
    }

    /// Returns the position at which a subscription is after the first `count` events.
    pub(in crate::subscription) fn end_of(&self, count: usize) -> Position {
        match count.checked_sub(1).and_then(|last| self.events.get(last)) {
            Some(last) if count < self.events.len() => last.position(),
            _ => self.horizon,
        }
    }

    /// Returns the events, ordered by position.
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

/// The segments, in the order in which they were read.
#[derive(Default)]
pub(super) struct Window(VecDeque<Arc<Segment>>);

impl Window {
    /// Returns the page after `after`, if a segment has it.
    pub(super) fn page(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Option<Page> {
        let covers =
            |segment: &&Arc<Segment>| segment.from <= after && after < segment.horizon && segment.filter.covers(filter);
        self.0.iter().find(covers).map(|segment| segment.page(after, filter, limit, Freshness::Stale))
    }

    /// Returns the range around `position` that the segments cover without a gap.
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

    /// Adds a segment. `most` is the largest limit of a reader. Returns the segments that were evicted.
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

    /// Removes the segments that are not `needed`. The argument of `needed` is the first position from which the
    /// segment can be reached without a gap, and its horizon.
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
