//! The parts of a stored event.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Metadata, Position, Slice, StreamId};

/// The parts of a [`RecordedEvent`](crate::RecordedEvent). A store builds events from them.
///
/// ```
/// use eventsource::event::{RecordedParts, now};
/// use eventsource::{Metadata, Position, RecordedEvent, StreamId};
/// use uuid::Uuid;
///
/// let stream = StreamId::new("Order", Uuid::now_v7());
/// let mut parts = RecordedParts::new(Uuid::now_v7(), Position::new(7), (stream, 3), "OrderPlaced", "{}", now());
/// parts.metadata = Metadata::new().tenant("acme");
/// let event = RecordedEvent::from(parts);
/// assert_eq!((event.version(), event.schema_version()), (3, 1));
/// ```
///
/// A store that keeps an event as one value can store the parts by serde. The metadata is a JSON text in them: inside
/// the JSON of the event, it could be nested too deep to be read back. The slice is not stored: it is computed again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecordedParts {
    /// The id of the event.
    pub id: Uuid,
    /// The position in the log.
    pub position: Position,
    /// The stream that the event belongs to.
    pub stream: StreamId,
    /// The version in the stream, from 1.
    pub version: u64,
    /// The stored name of the event type.
    pub event_type: Cow<'static, str>,
    /// The schema version with which the event was stored.
    pub schema_version: u32,
    /// The time at which the event occurred, as its writer set it.
    pub occurred_at: DateTime<Utc>,
    /// The time at which the store stored the event.
    pub recorded_at: DateTime<Utc>,
    /// The metadata.
    #[serde(with = "metadata_as_text")]
    pub metadata: Metadata,
    /// The payload as JSON.
    pub payload: String,
    /// The stored slice. `None` computes it from the key of the event, such as for an event that was stored by a version
    /// of this crate without slices.
    #[serde(skip)]
    pub slice: Option<Slice>,
}

impl RecordedParts {
    /// Creates the parts of an event with schema version 1, without metadata, which occurred at the time `recorded_at`.
    ///
    /// The pair is the stream and the version in it. Change the fields for other values.
    #[must_use]
    pub fn new(
        id: Uuid,
        position: Position,
        (stream, version): (StreamId, u64),
        event_type: impl Into<Cow<'static, str>>,
        payload: impl Into<String>,
        recorded_at: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            position,
            stream,
            version,
            event_type: event_type.into(),
            schema_version: 1,
            occurred_at: recorded_at,
            recorded_at,
            metadata: Metadata::default(),
            payload: payload.into(),
            slice: None,
        }
    }
}

/// Metadata as its JSON text, for serde.
mod metadata_as_text {
    use serde::{Deserialize, Deserializer, Serializer, de, ser};

    use super::Metadata;

    pub(super) fn serialize<S: Serializer>(metadata: &Metadata, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&serde_json::to_string(metadata).map_err(ser::Error::custom)?)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Metadata, D::Error> {
        serde_json::from_str(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
