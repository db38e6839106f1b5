//! Stored events, as an operator sees them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::{Position, RecordedEvent, StreamId};

/// A stored event.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # use eventsource::prelude::*;
/// use eventsource::admin::{Admin, DatabaseAdmin};
///
/// let store = MemoryEventStore::new();
/// let order = StreamId::new("Order", uuid::Uuid::now_v7());
/// store.append(&order, ExpectedVersion::NoStream, vec![NewEvent::raw("OrderPlaced", 1, r#"{"total":7}"#)]).await?;
///
/// let admin = DatabaseAdmin::new(MemoryCheckpoints::new(), store);
/// let page = admin.events(None, &EventFilter::all(), 50).await?;
/// let placed = page.events.first().ok_or("no event")?;
/// assert_eq!((&*placed.event_type, &*placed.payload), ("OrderPlaced", r#"{"total":7}"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EventView {
    /// Its position in the log.
    pub position: Position,
    /// Its id.
    pub id: Uuid,
    /// Its stream.
    pub stream: StreamId,
    /// Its version in the stream.
    pub version: u64,
    /// Its type.
    pub event_type: String,
    /// The version of its type.
    pub schema_version: u32,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When it was stored.
    pub recorded_at: DateTime<Utc>,
    /// The id of the chain of commands and events that it belongs to.
    pub correlation_id: Option<Uuid>,
    /// The id of the command or event that caused it.
    pub causation_id: Option<Uuid>,
    /// Who caused it.
    pub actor: Option<String>,
    /// The tenant.
    pub tenant: Option<String>,
    /// The other entries of its metadata.
    pub metadata: BTreeMap<String, serde_json::Value>,
    /// Its payload, as it is stored: JSON for events of this crate.
    pub payload: String,
    /// Why it cannot be read, if it cannot.
    pub unreadable: Option<String>,
}

impl EventView {
    /// Creates the view of a stored event.
    #[must_use]
    pub fn of(event: &RecordedEvent) -> Self {
        let metadata = event.metadata();
        Self {
            position: event.position(),
            id: event.id(),
            stream: event.stream().clone(),
            version: event.version(),
            event_type: event.event_type().to_owned(),
            schema_version: event.schema_version(),
            occurred_at: event.occurred_at(),
            recorded_at: event.recorded_at(),
            correlation_id: metadata.get_correlation_id(),
            causation_id: metadata.get_causation_id(),
            tenant: metadata.get_tenant().map(str::to_owned),
            actor: metadata.get_actor().map(str::to_owned),
            metadata: metadata.entries().map(|(key, value)| (key.to_owned(), value.clone())).collect(),
            payload: event.payload().to_owned(),
            unreadable: event.unreadable().map(ToString::to_string),
        }
    }
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EventPage {
    /// The version of this view as JSON: 1. Keys are added without a new version.
    pub format: u32,
    /// The events, the latest first.
    pub events: Vec<EventView>,
    /// Whether there can be more: the next page begins before the last one of these. After
    /// [`events_after`](crate::admin::Admin::events_after), it begins after the first one of these.
    pub more: bool,
}

/// A page of the events of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StreamPageView {
    /// The version of this view as JSON: 1. Keys are added without a new version.
    pub format: u32,
    /// The stream.
    pub stream: StreamId,
    /// The events, by version.
    pub events: Vec<EventView>,
    /// Whether there can be more: the next page begins after the version of the last one of these.
    pub more: bool,
}

/// A page of the events with one correlation id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CorrelatedView {
    /// The version of this view as JSON: 1. Keys are added without a new version.
    pub format: u32,
    /// The events, by position.
    pub events: Vec<EventView>,
    /// Whether there can be more: the next page begins after the position of the last one of these.
    pub more: bool,
    /// The position up to which the log was not searched, since it has no index on correlation ids: an event at or before
    /// it can be missing. `None` if everything was searched.
    pub unsearched_to: Option<Position>,
}
