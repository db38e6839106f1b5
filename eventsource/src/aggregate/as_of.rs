//! Up to where a past state of an aggregate is loaded.

use chrono::{DateTime, Utc};

use crate::event::{Position, RecordedEvent};

/// Which past state of an aggregate is loaded: a version, a position of the log, or an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AsOf {
    /// The state after its event of this version.
    Version(u64),
    /// The state after its last event at this position or before it.
    Position(Position),
    /// The state after its last event that was stored at this instant or before it, by [`RecordedEvent::recorded_at`].
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
