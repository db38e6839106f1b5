//! Stored events.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::decoded::Decoded;
use super::{Metadata, Position, RecordedParts, Slice, StreamId, Unreadable};

/// A stored event: its id, position, stream, version, type, times, metadata, and its payload as JSON, not decoded.
///
/// ```
/// use eventsource::event::now;
/// use eventsource::{NewEvent, Position, StreamId};
/// use uuid::Uuid;
///
/// let stream = StreamId::new("Order", Uuid::now_v7());
/// let new = NewEvent::raw("OrderPlaced", 1, r#"{"total":150}"#);
/// let (id, occurred_at) = (new.id(), new.occurred_at());
/// let event = new.record(stream.clone(), 3, Position::new(7), now());
/// assert_eq!((event.id(), event.event_type(), event.schema_version()), (id, "OrderPlaced", 1));
/// assert_eq!((event.stream(), event.aggregate_id()), (&stream, stream.aggregate_id()));
/// assert_eq!((event.version(), event.position()), (3, Position::new(7)));
/// assert_eq!(event.occurred_at(), occurred_at);
/// assert!(event.recorded_at() >= occurred_at);
/// assert!(event.metadata().is_empty());
/// assert_eq!((event.payload(), event.size()), (r#"{"total":150}"#, 13));
/// ```
#[derive(Clone, PartialEq)]
pub struct RecordedEvent {
    parts: RecordedParts,
    unreadable: Option<Arc<Unreadable>>,
    /// The decoded payload, which several readers share.
    decoded: Decoded,
}

impl From<RecordedParts> for RecordedEvent {
    fn from(mut parts: RecordedParts) -> Self {
        parts.slice.get_or_insert_with(|| parts.metadata.slice(&parts.stream));
        Self { parts, unreadable: None, decoded: Decoded::default() }
    }
}

impl RecordedEvent {
    /// Marks a column of the event as unreadable, or none. Used by stores.
    ///
    /// # Examples
    /// ```
    /// use eventsource::event::{Unreadable, now};
    /// use eventsource::{NewEvent, Position, StreamId};
    ///
    /// let stream = StreamId::new("Order", uuid::Uuid::now_v7());
    /// let event = NewEvent::raw("OrderPlaced", 1, "{}").record(stream, 1, Position::new(1), now());
    /// let event = event.with_unreadable(Some(Unreadable::new("metadata", "end of input", "{")));
    /// assert_eq!(event.unreadable().map(|column| column.column), Some("metadata"));
    /// ```
    #[must_use]
    pub fn with_unreadable(mut self, unreadable: Option<Unreadable>) -> Self {
        self.unreadable = unreadable.map(Arc::new);
        self
    }

    /// Returns the column that the store could not read, if there is one. The getter of that column returns a default.
    #[must_use]
    pub fn unreadable(&self) -> Option<&Unreadable> {
        self.unreadable.as_deref()
    }

    /// Returns the parts, for a store that keeps an event as one value.
    ///
    /// # Examples
    /// ```
    /// use eventsource::event::{RecordedParts, now};
    /// use eventsource::{NewEvent, Position, RecordedEvent, StreamId};
    ///
    /// let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// let event = NewEvent::raw("OrderPlaced", 1, "{}").record(order, 1, Position::new(7), now());
    /// let stored = serde_json::to_string(event.parts())?;
    /// let read = RecordedEvent::from(serde_json::from_str::<RecordedParts>(&stored)?);
    /// assert_eq!(read, event);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub const fn parts(&self) -> &RecordedParts {
        &self.parts
    }

    pub(crate) const fn shared_unreadable(&self) -> Option<&Arc<Unreadable>> {
        self.unreadable.as_ref()
    }

    /// Returns the id: a UUID v7, unless the writer set another one.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.parts.id
    }

    /// Returns the position in the log.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.parts.position
    }

    /// Returns the stream that the event belongs to.
    #[must_use]
    pub const fn stream(&self) -> &StreamId {
        &self.parts.stream
    }

    /// Returns the id of the aggregate that the event belongs to.
    #[must_use]
    pub const fn aggregate_id(&self) -> Uuid {
        self.parts.stream.aggregate_id()
    }

    /// Returns the version in the stream, from 1.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.parts.version
    }

    /// Returns the stored name of the event type.
    #[must_use]
    pub fn event_type(&self) -> &str {
        &self.parts.event_type
    }

    /// Returns the schema version with which the event was stored.
    #[must_use]
    pub const fn schema_version(&self) -> u32 {
        self.parts.schema_version
    }

    /// Returns the time at which the event occurred, as its writer set it.
    #[must_use]
    pub const fn occurred_at(&self) -> DateTime<Utc> {
        self.parts.occurred_at
    }

    /// Returns the time at which the store stored the event.
    #[must_use]
    pub const fn recorded_at(&self) -> DateTime<Utc> {
        self.parts.recorded_at
    }

    /// Returns the metadata.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.parts.metadata
    }

    /// Returns the partition key that the writer has set; `None` if the key of the event is that of its stream.
    #[must_use]
    pub fn partition_key(&self) -> Option<&str> {
        self.parts.metadata.partition_key()
    }

    /// Returns the slice of the event: the hash value of its key, by which partitions divide a log.
    ///
    /// # Examples
    /// ```
    /// use eventsource::event::{Slice, now};
    /// use eventsource::{NewEvent, Position, StreamId};
    ///
    /// let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// let new = NewEvent::raw("OrderPlaced", 1, "{}").partition_key("customer-42");
    /// let event = new.record(order, 1, Position::new(7), now());
    /// assert_eq!((event.slice(), event.partition_key()), (Slice::of_key("customer-42"), Some("customer-42")));
    /// ```
    #[must_use]
    pub fn slice(&self) -> Slice {
        self.parts.slice.unwrap_or_else(|| self.parts.metadata.slice(&self.parts.stream))
    }

    /// Returns the payload as JSON.
    #[must_use]
    pub fn payload(&self) -> &str {
        &self.parts.payload
    }

    /// Returns the size in bytes: the length of the payload, and about the length of the metadata as JSON.
    ///
    /// [`PageLimit::within_bytes`](crate::PageLimit::within_bytes) limits pages by this size.
    #[must_use]
    pub fn size(&self) -> usize {
        self.parts.payload.len() + self.parts.metadata.size()
    }

    /// Returns the place for the decoded payload, which is used while several readers share the event.
    pub(crate) const fn decoded(&self) -> &Decoded {
        &self.decoded
    }
}

impl fmt::Debug for RecordedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RecordedEvent").field(&self.parts).finish()
    }
}

impl Metadata {
    /// Creates the metadata of an event or a message that is caused by `event`. Use it in a handler that appends or
    /// sends.
    ///
    /// The causation id is the id of `event`. The correlation id is the one of `event`, or the id of `event` if it has
    /// none. Actor, tenant and free entries are not copied.
    ///
    /// ```
    /// use eventsource::event::now;
    /// use eventsource::{Metadata, NewEvent, Position, StreamId};
    /// use uuid::Uuid;
    ///
    /// let stream = StreamId::new("Order", Uuid::now_v7());
    /// let placed = NewEvent::raw("OrderPlaced", 1, "{}").record(stream, 1, Position::new(1), now());
    /// let metadata = Metadata::caused_by(&placed);
    /// assert_eq!(metadata.get_causation_id(), Some(placed.id()));
    /// assert_eq!(metadata.get_correlation_id(), Some(placed.id()));
    /// ```
    #[must_use]
    pub fn caused_by(event: &RecordedEvent) -> Self {
        Self::new().causation_id(event.id()).correlation_id(event.metadata().get_correlation_id().unwrap_or(event.id()))
    }
}
