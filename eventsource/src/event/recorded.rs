//! An event as stored.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Metadata, Position, StreamId};

/// An event as stored: where it stands, what it is about, and its payload, not decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedEvent(RecordedParts);

/// The parts of a [`RecordedEvent`], for authors of stores.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedParts {
    /// Its id.
    pub id: Uuid,
    /// Where it stands in the log.
    pub position: Position,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Its version in the stream, from 1.
    pub version: u64,
    /// Its stored name.
    pub event_type: Cow<'static, str>,
    /// Its schema version.
    pub schema_version: u32,
    /// When it occurred, as its author said.
    pub occurred_at: DateTime<Utc>,
    /// When it was stored.
    pub recorded_at: DateTime<Utc>,
    /// What is known beside the payload.
    pub metadata: Metadata,
    /// The payload, as JSON.
    pub payload: String,
}

impl From<RecordedParts> for RecordedEvent {
    fn from(parts: RecordedParts) -> Self {
        Self(parts)
    }
}

impl RecordedEvent {
    /// Its id, a UUID v7 where this crate made it.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.0.id
    }

    /// Where it stands in the log.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.0.position
    }

    /// The stream it belongs to.
    #[must_use]
    pub const fn stream(&self) -> &StreamId {
        &self.0.stream
    }

    /// The aggregate it belongs to.
    #[must_use]
    pub const fn aggregate_id(&self) -> Uuid {
        self.0.stream.aggregate_id()
    }

    /// Its version in the stream, from 1.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.0.version
    }

    /// Its stored name.
    #[must_use]
    pub fn event_type(&self) -> &str {
        &self.0.event_type
    }

    /// The schema version with which it was stored.
    #[must_use]
    pub const fn schema_version(&self) -> u32 {
        self.0.schema_version
    }

    /// When it occurred, as its author said.
    #[must_use]
    pub const fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at
    }

    /// When it was stored.
    #[must_use]
    pub const fn recorded_at(&self) -> DateTime<Utc> {
        self.0.recorded_at
    }

    /// What is known beside the payload.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }

    /// Its payload, as JSON.
    #[must_use]
    pub fn payload(&self) -> &str {
        &self.0.payload
    }
}
