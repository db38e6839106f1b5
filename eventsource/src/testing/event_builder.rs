//! Stored events for tests, without a store.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::scenario::History;
use crate::event::{DomainEvent, EncodeError, Metadata, NewEvent, RecordedEvent};

/// Makes events as a store would return them, for tests that hand them to an
/// [engine](crate::engine::ProjectionEngine::process_events), a bus or a function.
///
/// The events stand in one log, one behind the other, from position 1; each stream has versions from 1. They belong to the
/// aggregate [`AGGREGATE_ID`](super::AGGREGATE_ID), occur in the first second of 2000 and have no metadata, unless the
/// builder is told otherwise, which holds for the events that are made from then on.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::prelude::*;
/// use eventsource::testing::EventBuilder;
/// use serde::{Deserialize, Serialize};
/// use uuid::Uuid;
///
/// #[derive(Debug, Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderPlaced { total: u64 }
///
/// let mut events = EventBuilder::new();
/// let first = events.record(&OrderPlaced { total: 150 })?;
/// events.aggregate_id(Uuid::from_u128(2)).metadata(Metadata::new().tenant("acme"));
/// let other = events.record(&OrderPlaced { total: 7 })?;
/// assert_eq!((first.position().value(), other.position().value()), (1, 2));
/// assert_eq!((first.version(), other.version()), (1, 1));
/// assert_eq!(other.metadata().get_tenant(), Some("acme"));
/// # }
/// # Ok::<(), eventsource::EncodeError>(())
/// ```
#[derive(Debug)]
pub struct EventBuilder(History);

impl Default for EventBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl EventBuilder {
    /// A builder that has made no event.
    #[must_use]
    pub fn new() -> Self {
        Self(History::new())
    }

    /// The events from here on belong to the aggregate `id`.
    pub const fn aggregate_id(&mut self, id: Uuid) -> &mut Self {
        self.0.id = id;
        self
    }

    /// The events from here on occur, and are stored, at `time`.
    pub const fn at(&mut self, time: DateTime<Utc>) -> &mut Self {
        self.0.time = time;
        self
    }

    /// The events from here on have this metadata.
    pub fn metadata(&mut self, metadata: Metadata) -> &mut Self {
        self.0.metadata = metadata;
        self
    }

    /// Returns `event` as stored.
    ///
    /// # Errors
    /// [`EncodeError`] if the event cannot be stored.
    pub fn record<E: DomainEvent>(&mut self, event: &E) -> Result<Arc<RecordedEvent>, EncodeError> {
        self.0.store(event)
    }

    /// Returns `event` as stored in a stream of the aggregate type `aggregate`. Use it for what no type of the program
    /// describes: an old version, an alias, a foreign event, a damaged payload.
    pub fn record_raw(&mut self, event: NewEvent, aggregate: &'static str) -> Arc<RecordedEvent> {
        self.0.store_raw(event, aggregate)
    }
}
