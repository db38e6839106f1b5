//! The steps of a projection over a stream.

use serde::Serialize;
use uuid::Uuid;

use super::{StepChanges, StepState};
use crate::event::{Position, RecordedEvent, StreamId};

/// What each event of a part of a stream changes in a projection.
/// [`SubscriptionManager::steps`](crate::SubscriptionManager::steps) returns it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Steps {
    /// The version of this form: 1. A later version only adds fields.
    pub format: u32,
    /// The subscription whose handlers were called.
    pub subscription: String,
    /// The stream.
    pub stream: StreamId,
    /// The version after which the steps begin.
    pub after: u64,
    /// How many of the events before the first step have failed.
    pub failed_before: u64,
    /// What the projection had before the first step.
    pub before: StepState,
    /// The steps, one for each event.
    pub steps: Vec<Step>,
    /// Whether the stream has more events: the next steps begin after the version of the last one of these.
    pub more: bool,
    /// Why the steps end early, if they do.
    pub cut_short: Option<String>,
}

/// One event, and what it has changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Step {
    /// The version of the event in its stream.
    pub version: u64,
    /// Its position.
    pub position: Position,
    /// Its type.
    pub event_type: String,
    /// Its id.
    pub event_id: Uuid,
    /// What the projection did with it.
    #[serde(flatten)]
    pub outcome: StepOutcome,
    /// What has changed.
    pub changes: StepChanges,
}

impl Step {
    pub(super) fn of(event: &RecordedEvent, outcome: StepOutcome, changes: StepChanges) -> Self {
        Self {
            version: event.version(),
            position: event.position(),
            event_type: event.event_type().to_owned(),
            event_id: event.id(),
            outcome,
            changes,
        }
    }
}

/// What a projection did with an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum StepOutcome {
    /// Its handler was called.
    Handled {},
    /// The projection does not handle it: its type, its aggregate or its tenant.
    PassedOver {},
    /// Its handler failed, and what it did was undone.
    Failed {
        /// The error, and its causes.
        errors: Vec<String>,
    },
}
