//! Which events a fold takes.

use chrono::{DateTime, Utc};

use crate::event::{EventFilter, Position, RecordedEvent, StreamId};

/// The part of the log that a fold reads.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// The events that pass this filter; [`EventFilter::all`] is the whole log.
    Filter(EventFilter),
    /// The events of this stream.
    Stream(StreamId),
}

impl From<EventFilter> for Scope {
    fn from(filter: EventFilter) -> Self {
        Self::Filter(filter)
    }
}

impl From<StreamId> for Scope {
    fn from(stream: StreamId) -> Self {
        Self::Stream(stream)
    }
}

impl From<&StreamId> for Scope {
    fn from(stream: &StreamId) -> Self {
        Self::Stream(stream.clone())
    }
}

/// The end of a fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Until {
    /// The event at this position is the last one.
    Position(Position),
    /// Events that were stored at this instant or before it are taken, by [`RecordedEvent::recorded_at`].
    Time(DateTime<Utc>),
}

impl From<Position> for Until {
    fn from(position: Position) -> Self {
        Self::Position(position)
    }
}

impl From<DateTime<Utc>> for Until {
    fn from(time: DateTime<Utc>) -> Self {
        Self::Time(time)
    }
}

impl Until {
    pub(super) fn includes(self, event: &RecordedEvent) -> bool {
        match self {
            Self::Position(last) => event.position() <= last,
            Self::Time(last) => event.recorded_at() <= last,
        }
    }
}
