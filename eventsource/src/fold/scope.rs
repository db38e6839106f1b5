//! The part of the log that a fold reads.

use chrono::{DateTime, Utc};

use crate::event::{EventFilter, Position, RecordedEvent, StreamId};

/// The part of the log that a fold reads: see [`Fold::of`](super::Fold::of).
///
/// ```
/// use eventsource::EventFilter;
/// use eventsource::fold::Scope;
///
/// let scope = Scope::from(EventFilter::types(["OrderPlaced"]).tenant("acme"));
/// assert!(matches!(scope, Scope::Filter(_)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// The events that match this filter. [`EventFilter::all`] is the whole log.
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

/// The start or the end of a fold: see [`Fold::after`](super::Fold::after) and [`Fold::until`](super::Fold::until).
///
/// ```
/// use eventsource::Position;
/// use eventsource::fold::Bound;
///
/// assert_eq!(Bound::from(Position::new(7)), Bound::Position(Position::new(7)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bound {
    /// The event at this position, and the ones before it.
    Position(Position),
    /// The events that were stored at this instant or before it, by [`RecordedEvent::recorded_at`].
    Time(DateTime<Utc>),
}

impl From<Position> for Bound {
    fn from(position: Position) -> Self {
        Self::Position(position)
    }
}

impl From<DateTime<Utc>> for Bound {
    fn from(time: DateTime<Utc>) -> Self {
        Self::Time(time)
    }
}

impl Bound {
    /// Returns whether `event` is at the bound or before it.
    pub(super) fn includes(self, event: &RecordedEvent) -> bool {
        match self {
            Self::Position(last) => event.position() <= last,
            Self::Time(last) => event.recorded_at() <= last,
        }
    }

    /// Returns the position; [`Position::START`] if the bound is an instant.
    pub(super) const fn position(self) -> Position {
        match self {
            Self::Position(position) => position,
            Self::Time(_) => Position::START,
        }
    }
}
