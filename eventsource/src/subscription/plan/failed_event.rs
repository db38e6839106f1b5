//! An event that fails in a trial.

use serde::Serialize;
use uuid::Uuid;

use crate::event::{Position, RecordedEvent, StreamId};

/// An event that would fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FailedEvent {
    /// Its position.
    pub position: Position,
    /// Its type.
    pub event_type: String,
    /// Its stream.
    pub stream: StreamId,
    /// Its version in the stream.
    pub version: u64,
    /// Its id.
    pub event_id: Uuid,
    /// The error, and its causes.
    pub errors: Vec<String>,
    /// Whether its stream began before the first event of the dry run. Then the handler may have missed what an earlier
    /// event has written, and the event may succeed in production.
    pub needs_earlier: bool,
}

impl FailedEvent {
    /// Describes the failure of `event` by these errors.
    pub(super) fn of(event: &RecordedEvent, errors: Vec<String>) -> Self {
        Self {
            position: event.position(),
            event_type: event.event_type().to_owned(),
            stream: event.stream().clone(),
            version: event.version(),
            event_id: event.id(),
            errors,
            needs_earlier: false,
        }
    }
}
