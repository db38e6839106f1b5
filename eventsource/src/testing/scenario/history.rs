//! The log of a test: each event is encoded and recorded as in production.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::AGGREGATE_ID;
use crate::event::{DomainEvent, EncodeError, Metadata, NewEvent, Position, RecordedEvent, StreamId};

/// The log of a test, and the properties of its next event.
#[derive(Debug)]
pub(in crate::testing) struct History {
    pub(in crate::testing) id: Uuid,
    pub(in crate::testing) time: DateTime<Utc>,
    pub(in crate::testing) metadata: Metadata,
    pub(in crate::testing) last: Position,
    versions: BTreeMap<StreamId, u64>,
}

impl History {
    /// Creates an empty log. Its events occur in the year 2000, so that a test does not depend on the day on which it
    /// runs.
    pub(in crate::testing) fn new() -> Self {
        Self {
            id: AGGREGATE_ID,
            time: DateTime::from_timestamp(946_684_800, 0).unwrap_or_default(),
            metadata: Metadata::new(),
            last: Position::START,
            versions: BTreeMap::new(),
        }
    }

    /// Records `event`.
    pub(in crate::testing) fn store<E: DomainEvent>(&mut self, event: &E) -> Result<Arc<RecordedEvent>, EncodeError> {
        Ok(self.store_raw(NewEvent::of(event)?, E::AGGREGATE))
    }

    /// Records `event` in the stream of an aggregate of this type.
    pub(in crate::testing) fn store_raw(&mut self, event: NewEvent, aggregate: &'static str) -> Arc<RecordedEvent> {
        let stream = StreamId::new(aggregate, self.id);
        let version = self.versions.entry(stream.clone()).or_default();
        *version += 1;
        self.last = Position::new(self.last.value() + 1);
        let event = event.with_occurred_at(self.time).with_metadata(self.metadata.clone());
        Arc::new(event.record(stream, *version, self.last, self.time))
    }
}
