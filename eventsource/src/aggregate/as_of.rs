//! The past states of an aggregate.

use chrono::{DateTime, Utc};

use crate::event::{Position, RecordedEvent};

/// A past state of an aggregate: at a version, at a position of the log, or at a time.
///
/// [`AggregateRepository::load_at`](super::AggregateRepository::load_at) takes it, or a value that converts to it:
///
/// ```
/// use eventsource::Position;
/// use eventsource::aggregate::AsOf;
///
/// assert_eq!(AsOf::from(3), AsOf::Version(3));
/// assert_eq!(AsOf::from(Position::new(7)), AsOf::Position(Position::new(7)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AsOf {
    /// The state after the event with this version.
    Version(u64),
    /// The state after the last event at or before this position.
    Position(Position),
    /// The state after the last event that was stored at or before this time ([`RecordedEvent::recorded_at`]).
    Time(DateTime<Utc>),
}

impl From<u64> for AsOf {
    fn from(version: u64) -> Self {
        Self::Version(version)
    }
}

impl From<Position> for AsOf {
    fn from(position: Position) -> Self {
        Self::Position(position)
    }
}

impl From<DateTime<Utc>> for AsOf {
    fn from(time: DateTime<Utc>) -> Self {
        Self::Time(time)
    }
}

impl AsOf {
    pub(super) fn includes(self, event: &RecordedEvent) -> bool {
        match self {
            Self::Version(last) => event.version() <= last,
            Self::Position(last) => event.position() <= last,
            Self::Time(last) => event.recorded_at() <= last,
        }
    }
}
