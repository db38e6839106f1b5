//! An event as stored.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::decoded::Decoded;
use super::{Metadata, Position, StreamId, Unreadable};

/// An event as stored: where it stands, what it is about, and its payload, not decoded.
#[derive(Clone, PartialEq)]
pub struct RecordedEvent {
    parts: RecordedParts,
    /// The part of it that the store could not read.
    unreadable: Option<Arc<Unreadable>>,
    /// What several readers share of it.
    decoded: Decoded,
}

/// The parts of a [`RecordedEvent`], for authors of stores.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
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

impl RecordedParts {
    /// Creates the parts of an event of schema version 1, without metadata, which occurred when it was recorded. The fields
    /// can be changed.
    #[must_use]
    pub fn new(
        id: Uuid,
        position: Position,
        (stream, version): (StreamId, u64),
        event_type: impl Into<Cow<'static, str>>,
        payload: impl Into<String>,
        recorded_at: DateTime<Utc>,
    ) -> Self {
        let (event_type, payload) = (event_type.into(), payload.into());
        let (schema_version, occurred_at, metadata) = (1, recorded_at, Metadata::default());
        Self { id, position, stream, version, event_type, schema_version, occurred_at, recorded_at, metadata, payload }
    }
}

impl From<RecordedParts> for RecordedEvent {
    fn from(parts: RecordedParts) -> Self {
        Self { parts, unreadable: None, decoded: Decoded::default() }
    }
}

impl RecordedEvent {
    /// The same event, of which the store could not read a part.
    #[must_use]
    pub fn with_unreadable(mut self, unreadable: Option<Unreadable>) -> Self {
        self.unreadable = unreadable.map(Arc::new);
        self
    }

    /// Returns the part of it that the store could not read. What it says otherwise of that part is a default.
    #[must_use]
    pub fn unreadable(&self) -> Option<&Unreadable> {
        self.unreadable.as_deref()
    }

    pub(crate) const fn shared_unreadable(&self) -> Option<&Arc<Unreadable>> {
        self.unreadable.as_ref()
    }

    /// Its id, a UUID v7 where this crate made it.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.parts.id
    }

    /// Where it stands in the log.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.parts.position
    }

    /// The stream it belongs to.
    #[must_use]
    pub const fn stream(&self) -> &StreamId {
        &self.parts.stream
    }

    /// The aggregate it belongs to.
    #[must_use]
    pub const fn aggregate_id(&self) -> Uuid {
        self.parts.stream.aggregate_id()
    }

    /// Its version in the stream, from 1.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.parts.version
    }

    /// Its stored name.
    #[must_use]
    pub fn event_type(&self) -> &str {
        &self.parts.event_type
    }

    /// The schema version with which it was stored.
    #[must_use]
    pub const fn schema_version(&self) -> u32 {
        self.parts.schema_version
    }

    /// When it occurred, as its author said.
    #[must_use]
    pub const fn occurred_at(&self) -> DateTime<Utc> {
        self.parts.occurred_at
    }

    /// When it was stored.
    #[must_use]
    pub const fn recorded_at(&self) -> DateTime<Utc> {
        self.parts.recorded_at
    }

    /// What is known beside the payload.
    #[must_use]
    pub const fn metadata(&self) -> &Metadata {
        &self.parts.metadata
    }

    /// Its payload, as JSON.
    #[must_use]
    pub fn payload(&self) -> &str {
        &self.parts.payload
    }

    /// Its size in bytes, by which pages are limited: the length of the payload and of the metadata as JSON.
    #[must_use]
    pub fn size(&self) -> usize {
        self.parts.payload.len() + self.parts.metadata.size()
    }

    /// Where its payload is kept once it is decoded, as long as several read it.
    pub(crate) const fn decoded(&self) -> &Decoded {
        &self.decoded
    }
}

impl fmt::Debug for RecordedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RecordedEvent").field(&self.parts).finish()
    }
}
