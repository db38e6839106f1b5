//! The result of an append.

use std::sync::Arc;

use super::{AppendToken, LogId};
use crate::event::{Position, RecordedEvent};

/// The stored events of one append. [`EventStore::append`](super::EventStore::append) returns it.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::{EventStore, ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
///
/// let order = StreamId::new("Order", uuid::Uuid::now_v7());
/// let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
/// let appended = MemoryEventStore::new().append(&order, ExpectedVersion::NoStream, events).await?;
/// assert_eq!(appended.version(), 2);
/// assert_eq!(appended.versions().collect::<Vec<_>>(), [1, 2]);
/// assert_eq!(appended.positions().last(), Some(appended.position()));
/// assert_eq!(appended.events()[0].event_type(), "OrderPlaced");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Appended {
    log: LogId,
    events: Vec<Arc<RecordedEvent>>,
}

impl Appended {
    /// Creates the result of an append to `log`. `events` must be in the order of their versions. Used by stores.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    ///
    /// use eventsource::store::{Appended, LogId};
    /// use eventsource::{NewEvent, Position, StreamId};
    /// use uuid::Uuid;
    ///
    /// let order = StreamId::new("Order", Uuid::now_v7());
    /// let event = NewEvent::raw("OrderPlaced", 1, "{}").record(order, 1, Position::new(7), chrono::Utc::now());
    /// let appended = Appended::new(LogId::generate(), vec![Arc::new(event)]);
    /// assert_eq!(appended.position(), Position::new(7));
    /// ```
    #[must_use]
    pub const fn new(log: LogId, events: Vec<Arc<RecordedEvent>>) -> Self {
        Self { log, events }
    }

    /// Returns the stored events.
    #[must_use]
    pub fn events(&self) -> &[Arc<RecordedEvent>] {
        &self.events
    }

    /// Returns the identity of the log in which the events are stored.
    #[must_use]
    pub const fn log(&self) -> LogId {
        self.log
    }

    /// Returns the log and the position of the last event, as a token for a client that reads its own writes: see
    /// [`AppendToken`].
    #[must_use]
    pub fn token(&self) -> AppendToken {
        AppendToken::new(self.log, self.position())
    }

    /// Returns the version of each event, in order.
    pub fn versions(&self) -> impl Iterator<Item = u64> {
        self.events.iter().map(|event| event.version())
    }

    /// Returns the position of each event, in order.
    pub fn positions(&self) -> impl Iterator<Item = Position> {
        self.events.iter().map(|event| event.position())
    }

    /// Returns the position of the last event; [`Position::START`] if there is none. Every append of a store has one.
    ///
    /// To read your own write, pass the whole result to
    /// [`SubscriptionHandle::wait_for`](crate::SubscriptionHandle::wait_for).
    ///
    /// A position counts in its log only: do not store it without [`log`](Self::log).
    #[must_use]
    pub fn position(&self) -> Position {
        self.events.last().map_or(Position::START, |event| event.position())
    }

    /// Returns the version of the last event, which is the version of the stream after the append; 0 if there is no
    /// event.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.events.last().map_or(0, |event| event.version())
    }
}
