//! The identity of a log, and the events that identify its state.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::{Position, RecordedEvent};

/// The identity of a log. It is created with the log, and never changes.
///
/// A checkpoint stores the identity of its log. A subscription whose checkpoint belongs to another log does not run:
/// its state is [`Refused`](crate::SubscriptionState::Refused) ([a log never goes back
/// unnoticed](crate::guarantees#a-log-never-goes-back-unnoticed)). A copy of a database, such as a backup, has the
/// identity of the original. A [`LogMark`] distinguishes the two.
///
/// ```
/// use eventsource::store::LogId;
///
/// let id = LogId::generate();
/// assert_eq!(LogId::from_uuid(*id.as_uuid()), id);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LogId(Uuid);

impl LogId {
    /// Creates a new identity. A store calls it when it creates the log, and stores the identity with the log.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// Creates the identity from its stored form.
    #[must_use]
    pub const fn from_uuid(id: Uuid) -> Self {
        Self(id)
    }

    /// Returns the identity as a UUID, for the store.
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

/// The position and the id of an event in a log.
///
/// If a log has another event at that position, or none, it is not the log that was read before. For example, it was
/// restored from an older backup, or lost its last commits in a failover. It is the same if this event was deleted by
/// SQL: a subscription whose checkpoint knows the event is then refused.
///
/// ```
/// use eventsource::Position;
/// use eventsource::store::LogMark;
///
/// let mark = LogMark::new(Position::new(7), uuid::Uuid::now_v7());
/// assert_eq!(mark.position, Position::new(7));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogMark {
    /// The position of the event.
    pub position: Position,
    /// The id of the event.
    pub event_id: Uuid,
}

impl LogMark {
    /// Creates the mark of the event `event_id` at `position`.
    #[must_use]
    pub const fn new(position: Position, event_id: Uuid) -> Self {
        Self { position, event_id }
    }

    /// Returns the mark of `event`.
    ///
    /// # Examples
    /// ```
    /// use eventsource::store::LogMark;
    /// use eventsource::{NewEvent, Position, StreamId};
    ///
    /// let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// let event = NewEvent::raw("OrderPaid", 1, "{}").record(order, 1, Position::new(7), chrono::Utc::now());
    /// assert_eq!(LogMark::of(&event), LogMark::new(Position::new(7), event.id()));
    /// ```
    #[must_use]
    pub fn of(event: &RecordedEvent) -> Self {
        Self::new(event.position(), event.id())
    }
}
