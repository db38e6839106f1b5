//! An event that failed.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::event::{Position, StreamId};
use crate::projection::{HandlerError, times};

/// An event that a subscription could not apply, and the error.
///
/// ```
/// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// # use eventsource::prelude::*;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let store = MemoryEventStore::new();
/// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
/// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
/// # manager.start().await?;
/// use eventsource::subscription::SubscriptionState;
///
/// if let SubscriptionState::Faulted { failure } = orders.inspect().await.state {
///     println!("{} at position {}: {}", failure.event_type, failure.position, failure.error);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The name of the subscription.
    pub subscription: String,
    /// The position of the event in the log.
    pub position: Position,
    /// The stream of the event.
    pub stream: StreamId,
    /// The stored name of the event.
    pub event_type: String,
    /// The id of the event.
    pub event_id: Uuid,
    /// How often the handler was called; 0 if the type of the event is unknown
    /// ([`UnknownEvents`](crate::subscription::UnknownEvents)).
    pub attempts: u32,
    /// When the handler failed first.
    pub first_failed_at: DateTime<Utc>,
    /// The last error of the handler.
    pub error: HandlerError,
}

impl Failure {
    /// Returns the same failure with another error.
    pub(in crate::subscription) fn with(&self, error: HandlerError) -> Self {
        let Self { subscription, position, stream, event_type, event_id, attempts, first_failed_at, error: _ } = self;
        Self {
            subscription: subscription.clone(),
            position: *position,
            stream: stream.clone(),
            event_type: event_type.clone(),
            event_id: *event_id,
            attempts: *attempts,
            first_failed_at: *first_failed_at,
            error,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, stream, event_type, attempts, error, .. } = self;
        if *attempts == 0 {
            return write!(f, "{error}");
        }
        let times = times(*attempts);
        write!(f, "event `{event_type}` at position {position} of {stream} failed {times}: {error}")
    }
}

/// A map of its fields, with the error and its causes as a list of texts.
impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { subscription, position, stream, event_type, event_id, attempts, first_failed_at, error } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("subscription", subscription)?;
        map.serialize_entry("position", position)?;
        map.serialize_entry("stream", stream)?;
        map.serialize_entry("event_type", event_type)?;
        map.serialize_entry("event_id", event_id)?;
        map.serialize_entry("attempts", attempts)?;
        map.serialize_entry("first_failed_at", first_failed_at)?;
        map.serialize_entry("errors", &error.causes().map(ToString::to_string).collect::<Vec<_>>())?;
        map.end()
    }
}
