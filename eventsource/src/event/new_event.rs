//! An event that is not stored yet.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    DomainEvent, EncodeError, Metadata, Name, Position, RecordedEvent, RecordedParts, StreamId, Unstorable, json, now,
    truncate_to_micros,
};

/// An event that is not stored yet: what [`EventStore::append`](crate::EventStore::append) takes.
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
    payload: Payload,
}

/// A payload, as JSON.
#[derive(Debug, Clone)]
struct Payload {
    text: String,
    /// Whether it is known that it can be read back.
    is_checked: bool,
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Where the path of a value in a payload begins.
pub(crate) const PAYLOAD: &str = "payload";

impl NewEvent {
    /// Returns `event`, which occurs now, with a new id (UUID v7) and without metadata.
    ///
    /// # Errors
    /// [`EncodeError`] where the event cannot be written as JSON, or would not be read back equal: numbers that are not
    /// finite, structures that are nested too deep, and what else [`UnstorableReason`](super::UnstorableReason) lists.
    pub fn of<E: DomainEvent>(event: &E) -> Result<Self, EncodeError> {
        let refused = |value| EncodeError { event_type: E::NAME, value };
        let text = event.encode().map_err(refused)?;
        if !E::DESCRIPTOR.is_checked() {
            json::check_text(PAYLOAD, &text).map_err(refused)?;
        }
        let payload = Payload { text, is_checked: true };
        Ok(Self { aggregate_type: Some(E::AGGREGATE.into()), payload, ..Self::raw(E::NAME, E::VERSION, String::new()) })
    }

    /// Returns an event without its type, for tools that copy a log. `payload` is JSON, and is stored to the byte. An append
    /// refuses text that is not JSON or is nested too deep.
    #[must_use]
    pub fn raw(event_type: impl Into<Name>, schema_version: u32, payload: impl Into<String>) -> Self {
        Self {
            id: Uuid::now_v7(),
            event_type: event_type.into(),
            aggregate_type: None,
            schema_version,
            occurred_at: now(),
            metadata: Metadata::new(),
            payload: Payload { text: payload.into(), is_checked: false },
        }
    }

    /// Under this id, where the caller needs to know it: a second append of it is refused.
    #[must_use]
    pub fn with_id(mut self, id: Uuid) -> Self {
        self.id = id;
        self
    }

    /// With the time at which it occurred, as [`truncate_to_micros`] normalises it. An append refuses a time before the
    /// year -4711, where the times of PostgreSQL begin.
    #[must_use]
    pub fn with_occurred_at(mut self, time: DateTime<Utc>) -> Self {
        self.occurred_at = truncate_to_micros(time);
        self
    }

    /// With this metadata in place of what it had.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// Its stored name.
    #[must_use]
    pub fn event_type(&self) -> &str {
        &self.event_type
    }

    /// The type of aggregate that emits it, where its type is known. A store refuses it for the stream of another.
    #[must_use]
    pub fn aggregate_type(&self) -> Option<&str> {
        self.aggregate_type.as_deref()
    }

    /// Its schema version.
    #[must_use]
    pub const fn schema_version(&self) -> u32 {
        self.schema_version
    }

    /// When it occurred.
    #[must_use]
    pub const fn occurred_at(&self) -> DateTime<Utc> {
        self.occurred_at
    }

    /// Its metadata.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Its payload, as JSON.
    #[must_use]
    pub fn payload(&self) -> &str {
        &self.payload.text
    }

    /// Refuses a payload or metadata that could not be read back. What was checked when it was made is not checked again.
    pub(crate) fn check_values(&self) -> Result<(), Unstorable> {
        if !self.payload.is_checked {
            json::check_text(PAYLOAD, &self.payload.text)?;
        }
        self.metadata.check()
    }

    /// The event as stored, with the place that the store gave it.
    #[must_use]
    pub fn record(
        self,
        stream: StreamId,
        version: u64,
        position: Position,
        recorded_at: DateTime<Utc>,
    ) -> RecordedEvent {
        RecordedEvent::from(RecordedParts {
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
