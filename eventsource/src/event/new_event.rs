//! An event that is not stored yet.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    DomainEvent, EncodeError, Metadata, Name, Position, RecordedEvent, RecordedParts, StreamId, now, truncate_to_micros,
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
    payload: String,
}

impl NewEvent {
    /// `event`, which occurs now, under a new id (UUID v7) and without metadata.
    ///
    /// # Errors
    /// [`EncodeError`] where the event cannot be written as JSON.
    pub fn of<E: DomainEvent>(event: &E) -> Result<Self, EncodeError> {
        let payload = event.encode().map_err(|source| EncodeError { event_type: E::NAME, source })?;
        Ok(Self { aggregate_type: Some(E::AGGREGATE.into()), ..Self::raw(E::NAME, E::VERSION, payload) })
    }

    /// An event without its type: for tools that copy a log. `payload` is JSON.
    #[must_use]
    pub fn raw(event_type: impl Into<Name>, schema_version: u32, payload: impl Into<String>) -> Self {
        Self {
            id: Uuid::now_v7(),
            event_type: event_type.into(),
            aggregate_type: None,
            schema_version,
            occurred_at: now(),
            metadata: Metadata::new(),
            payload: payload.into(),
        }
    }

    /// Under this id, where the caller needs to know it: a second append of it is refused.
    #[must_use]
    pub fn with_id(mut self, id: Uuid) -> Self {
        self.id = id;
        self
    }

    /// With the time at which it occurred, truncated to microseconds.
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
        &self.payload
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
            payload: self.payload,
        })
    }
}
