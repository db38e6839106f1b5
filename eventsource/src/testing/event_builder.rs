//! Stored events for tests, without a store.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::scenario::History;
use crate::event::{DomainEvent, EncodeError, Metadata, NewEvent, RecordedEvent};

/// Makes events as a store would return them, for tests that give them to an
/// [engine](crate::engine::ProjectionEngine::process_events), a bus or a function.
///
/// The events have consecutive positions in one log, from 1. Each stream has versions from 1. By default the events
/// belong to the aggregate [`AGGREGATE_ID`](super::AGGREGATE_ID), occur in the first second of 2000 and have no
/// metadata. A setter changes this for the events that are made after it.
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
    /// Creates a builder whose next event has the position 1.
    ///
    /// ```
    /// use eventsource::NewEvent;
    /// use eventsource::testing::EventBuilder;
    ///
    /// let first = EventBuilder::new().record_raw(NewEvent::raw("OrderPlaced", 1, "{}"), "Order");
    /// assert_eq!(first.position().value(), 1);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self(History::new())
    }

    /// Sets the aggregate to which the next events belong.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # use eventsource::testing::EventBuilder;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// let order = uuid::Uuid::from_u128(7);
    /// let placed = EventBuilder::new().aggregate_id(order).record(&OrderPlaced { total: 150 })?;
    /// assert_eq!(placed.aggregate_id(), order);
    /// # }
    /// # Ok::<(), eventsource::EncodeError>(())
    /// ```
    pub const fn aggregate_id(&mut self, id: Uuid) -> &mut Self {
        self.0.id = id;
        self
    }

    /// Sets the time at which the next events occur and are stored.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # use eventsource::testing::EventBuilder;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// let new_year = chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(365);
    /// let placed = EventBuilder::new().at(new_year).record(&OrderPlaced { total: 150 })?;
    /// assert_eq!((placed.occurred_at(), placed.recorded_at()), (new_year, new_year));
    /// # }
    /// # Ok::<(), eventsource::EncodeError>(())
    /// ```
    pub const fn at(&mut self, time: DateTime<Utc>) -> &mut Self {
        self.0.time = time;
        self
    }

    /// Sets the metadata of the next events.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # use eventsource::testing::EventBuilder;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// let acme = Metadata::new().tenant("acme");
    /// let placed = EventBuilder::new().metadata(acme).record(&OrderPlaced { total: 150 })?;
    /// assert_eq!(placed.metadata().get_tenant(), Some("acme"));
    /// # }
    /// # Ok::<(), eventsource::EncodeError>(())
    /// ```
    pub fn metadata(&mut self, metadata: Metadata) -> &mut Self {
        self.0.metadata = metadata;
        self
    }

    /// Returns `event` as stored.
    ///
    /// # Errors
    /// [`EncodeError`] if the event cannot be stored, because a value of it would not be read back equal: the error
    /// names the value.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # use eventsource::testing::EventBuilder;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// let mut events = EventBuilder::new();
    /// let placed = events.record(&OrderPlaced { total: 150 })?;
    /// assert_eq!((placed.event_type(), placed.version()), ("OrderPlaced", 1));
    /// # }
    /// # Ok::<(), eventsource::EncodeError>(())
    /// ```
    pub fn record<E: DomainEvent>(&mut self, event: &E) -> Result<Arc<RecordedEvent>, EncodeError> {
        self.0.store(event)
    }

    /// Returns `event` as stored in a stream of the aggregate type `aggregate`. Use it for an event that no type of the
    /// program describes: an old version, an alias, an event of another program, a damaged payload.
    ///
    /// ```
    /// use eventsource::NewEvent;
    /// use eventsource::testing::EventBuilder;
    ///
    /// let damaged = EventBuilder::new().record_raw(NewEvent::raw("OrderPlaced", 1, "{}"), "Order");
    /// assert_eq!(damaged.stream().aggregate_type(), "Order");
    /// ```
    pub fn record_raw(&mut self, event: NewEvent, aggregate: &'static str) -> Arc<RecordedEvent> {
        self.0.store_raw(event, aggregate)
    }
}
