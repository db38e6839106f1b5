//! Events that are not stored yet.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::new_payload::{NewPayload, PAYLOAD};
use super::{
    DomainEvent, EncodeError, Metadata, Name, Position, RecordedEvent, RecordedParts, Slice, StreamId, Unstorable,
    json, now, truncate_to_micros,
};

/// An event that is not stored yet. [`EventStore::append`](crate::EventStore::append) stores it.
///
/// It has an id from its creation on, and an id is stored once. So a clone can be appended again after an error whose
/// outcome is unknown: see [`store`](crate::store#repeat-an-append).
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::{DomainEvent, Metadata, NewEvent};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderPlaced { total: u64 }
///
/// let event = NewEvent::of(&OrderPlaced { total: 150 })?.with_metadata(Metadata::new().actor("alice"));
/// assert_eq!(event.payload(), r#"{"total":150}"#);
/// # }
/// # Ok::<(), eventsource::EncodeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    id: Uuid,
    event_type: Name,
    aggregate_type: Option<Name>,
    schema_version: u32,
    occurred_at: DateTime<Utc>,
    metadata: Metadata,
    payload: NewPayload,
}

impl NewEvent {
    /// Creates a new event from `event`, with a new id (UUID v7), the current time and no metadata.
    ///
    /// # Errors
    /// [`EncodeError`] if the event cannot be written as JSON, or would not be read back equal: for example a number
    /// that is not finite, or nesting that is too deep. [`UnstorableReason`](super::UnstorableReason) lists all
    /// reasons. The error contains the path of the value: change the value or the type.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::DomainEvent;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// use eventsource::NewEvent;
    ///
    /// let event = NewEvent::of(&OrderPlaced { total: 150 })?;
    /// assert_eq!((event.event_type(), event.payload()), ("OrderPlaced", r#"{"total":150}"#));
    /// assert_eq!((event.aggregate_type(), event.schema_version()), (Some("Order"), 1));
    /// # }
    /// # Ok::<(), eventsource::EncodeError>(())
    /// ```
    pub fn of<E: DomainEvent>(event: &E) -> Result<Self, EncodeError> {
        let refused = |value| EncodeError { event_type: E::NAME, value };
        let text = event.encode().map_err(refused)?;
        if !E::DESCRIPTOR.is_checked() {
            json::check_text(PAYLOAD, &text).map_err(refused)?;
        }
        let payload = NewPayload { text, is_checked: true };
        Ok(Self { aggregate_type: Some(E::AGGREGATE.into()), payload, ..Self::raw(E::NAME, E::VERSION, String::new()) })
    }

    /// Creates a new event without a Rust type, for tools that copy a log. A program with event types uses
    /// [`of`](Self::of). Many examples of this documentation use raw events, because they are short.
    ///
    /// `payload` is JSON and is stored byte for byte. An append refuses a text that is not JSON or is nested too deep
    /// ([`AppendError::Unstorable`](crate::AppendError::Unstorable)).
    ///
    /// ```
    /// use eventsource::NewEvent;
    ///
    /// let event = NewEvent::raw("OrderPlaced", 1, r#"{"total":150}"#);
    /// assert_eq!((event.event_type(), event.schema_version()), ("OrderPlaced", 1));
    /// assert_eq!(event.aggregate_type(), None);
    /// ```
    #[must_use]
    pub fn raw(event_type: impl Into<Name>, schema_version: u32, payload: impl Into<String>) -> Self {
        Self {
            id: Uuid::now_v7(),
            event_type: event_type.into(),
            aggregate_type: None,
            schema_version,
            occurred_at: now(),
            metadata: Metadata::new(),
            payload: NewPayload { text: payload.into(), is_checked: false },
        }
    }

    /// Sets the id. Use it if the caller must know the id, or must not append the event twice: a second append of the
    /// same id fails with [`AppendError::DuplicateEvent`](crate::AppendError::DuplicateEvent).
    ///
    /// # Examples
    /// ```
    /// use eventsource::NewEvent;
    /// use uuid::Uuid;
    ///
    /// // The same message always gives the same id, so its event is stored once.
    /// let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"https://example.com/messages/7");
    /// assert_eq!(NewEvent::raw("OrderPlaced", 1, "{}").with_id(id).id(), id);
    /// ```
    #[must_use]
    pub fn with_id(mut self, id: Uuid) -> Self {
        self.id = id;
        self
    }

    /// Sets the time at which the event occurred, truncated to microseconds as by [`truncate_to_micros`].
    ///
    /// An append refuses a time before the year -4711, because PostgreSQL cannot store it
    /// ([`AppendError::Unstorable`](crate::AppendError::Unstorable)).
    ///
    /// # Examples
    /// ```
    /// use eventsource::NewEvent;
    /// use eventsource::event::now;
    ///
    /// let yesterday = now() - chrono::Duration::days(1);
    /// assert_eq!(NewEvent::raw("OrderPlaced", 1, "{}").with_occurred_at(yesterday).occurred_at(), yesterday);
    /// ```
    #[must_use]
    pub fn with_occurred_at(mut self, time: DateTime<Utc>) -> Self {
        self.occurred_at = truncate_to_micros(time);
        self
    }

    /// Sets the partition key, which decides the [slice](Slice) of the event. By default the key is that of the stream.
    ///
    /// The events of one key are in one partition of a subscription, and so in order. Set it if events of several
    /// streams belong together, such as `customer-42` on the orders of one customer. Give all events of a stream the
    /// same key: events of one stream in different partitions have no order among each other. The key is stored with
    /// the event and never changes.
    ///
    /// An append refuses an empty key, a key of more than [`MAX_NAME`](super::MAX_NAME) bytes, and one with the
    /// character NUL.
    #[must_use]
    pub fn partition_key(mut self, key: impl Into<String>) -> Self {
        self.metadata = self.metadata.with_partition_key(Some(key.into()));
        self
    }

    /// Replaces the metadata.
    ///
    /// # Examples
    /// ```
    /// use eventsource::{Metadata, NewEvent};
    ///
    /// let event = NewEvent::raw("OrderPlaced", 1, "{}").with_metadata(Metadata::new().tenant("acme"));
    /// assert_eq!(event.metadata().get_tenant(), Some("acme"));
    /// ```
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata.with_partition_key(self.metadata.into_partition_key());
        self
    }

    /// Returns the id.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// Returns the stored name of the event type.
    #[must_use]
    pub fn event_type(&self) -> &str {
        &self.event_type
    }

    /// Returns the type of the aggregate that emits the event; `None` for a [raw](Self::raw) event.
    ///
    /// A store refuses to append the event to a stream of another type
    /// ([`AppendError::ForeignEvent`](crate::AppendError::ForeignEvent)).
    #[must_use]
    pub fn aggregate_type(&self) -> Option<&str> {
        self.aggregate_type.as_deref()
    }

    /// Returns the schema version.
    #[must_use]
    pub const fn schema_version(&self) -> u32 {
        self.schema_version
    }

    /// Returns the time at which the event occurred.
    #[must_use]
    pub const fn occurred_at(&self) -> DateTime<Utc> {
        self.occurred_at
    }

    /// Returns the partition key that was set; `None` if the key of the event is that of its stream.
    #[must_use]
    pub fn get_partition_key(&self) -> Option<&str> {
        self.metadata.partition_key()
    }

    /// Returns the [slice](Slice) of the event in `stream`. Used by stores.
    #[must_use]
    pub fn slice(&self, stream: &StreamId) -> Slice {
        self.metadata.slice(stream)
    }

    /// Returns the metadata.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Returns the payload as JSON.
    #[must_use]
    pub fn payload(&self) -> &str {
        &self.payload.text
    }

    /// Refuses a payload or metadata that could not be read back. A payload that `of` has checked is not checked again.
    pub(crate) fn check_values(&self) -> Result<(), Unstorable> {
        if !self.payload.is_checked {
            json::check_text(PAYLOAD, &self.payload.text)?;
        }
        self.metadata.check()
    }

    /// Turns the event into its stored form, with the stream, version, position and time that the store gave it.
    ///
    /// Used by stores, and by tests that need a stored event without a store.
    ///
    /// # Examples
    /// ```
    /// use eventsource::event::now;
    /// use eventsource::{NewEvent, Position, StreamId};
    ///
    /// let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// let event = NewEvent::raw("OrderPlaced", 1, "{}").record(order, 1, Position::new(7), now());
    /// assert_eq!((event.version(), event.position()), (1, Position::new(7)));
    /// ```
    #[must_use]
    pub fn record(
        self,
        stream: StreamId,
        version: u64,
        position: Position,
        recorded_at: DateTime<Utc>,
    ) -> RecordedEvent {
        let slice = self.slice(&stream);
        self.record_in(slice, stream, version, position, recorded_at)
    }

    /// As [`record`](Self::record), with the slice that is computed already.
    pub(crate) fn record_in(
        self,
        slice: Slice,
        stream: StreamId,
        version: u64,
        position: Position,
        recorded_at: DateTime<Utc>,
    ) -> RecordedEvent {
        RecordedEvent::from(RecordedParts {
            slice: Some(slice),
            id: self.id,
            position,
            stream,
            version,
            event_type: self.event_type,
            schema_version: self.schema_version,
            occurred_at: self.occurred_at,
            recorded_at,
            metadata: self.metadata,
            payload: self.payload.text,
        })
    }
}

impl Metadata {
    /// Sets this metadata on each of `events`. Use it to set the metadata of a whole append.
    ///
    /// # Examples
    /// ```
    /// use eventsource::{Metadata, NewEvent};
    ///
    /// let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// let events = Metadata::new().actor("alice").stamp(events);
    /// assert_eq!(events[1].metadata().get_actor(), Some("alice"));
    /// ```
    #[must_use]
    pub fn stamp(&self, events: Vec<NewEvent>) -> Vec<NewEvent> {
        events.into_iter().map(|event| event.with_metadata(self.clone())).collect()
    }
}
