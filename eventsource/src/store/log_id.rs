//! The identity of a log, and of the events by which it is recognised.

use std::fmt;

use uuid::Uuid;

use crate::event::{Position, RecordedEvent};

/// The identity of a log: made once with the log, and never changed.
///
/// A checkpoint keeps the identity of its log. A subscription whose checkpoint belongs to another log is refused. A copy
/// of a database, such as a backup, has the identity of the original: there a [`LogMark`] tells the two apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId(Uuid);

impl LogId {
    /// A new identity, for authors of event stores: make it when the log is created, and store it with the log.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// The identity that is stored as `id`.
    #[must_use]
    pub const fn from_uuid(id: Uuid) -> Self {
        Self(id)
    }

    /// The identity as a UUID, to be stored.
    #[must_use]
    pub const fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An event of a log, by its position and its id.
///
/// A log that holds another event at that position, or none, is not the log that was read: it was restored from an older
/// backup, for example, or lost its last commits in a failover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct LogMark {
    /// The position of the event.
    pub position: Position,
    /// The id of the event.
    pub event_id: Uuid,
}

impl LogMark {
    /// The event `event_id` at `position`.
    #[must_use]
    pub const fn new(position: Position, event_id: Uuid) -> Self {
        Self { position, event_id }
    }

    /// The mark of `event`.
    #[must_use]
    pub fn of(event: &RecordedEvent) -> Self {
        Self::new(event.position(), event.id())
    }
}
