//! The stored progress of an engine.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::{Position, now};

/// The stored progress and health of a [`ProjectionEngine`](super::ProjectionEngine).
///
/// ```
/// use eventsource::Position;
/// use eventsource::engine::ProjectionState;
///
/// let progress = ProjectionState::new("orders");
/// assert_eq!((progress.position, progress.health.is_healthy()), (Position::START, true));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProjectionState {
    /// The name of the engine.
    pub projection_id: String,
    /// The id of the last event that was applied or passed over; `None` before the first one.
    pub last_event_id: Option<Uuid>,
    /// The position of that event; [`Position::START`] before the first one.
    pub position: Position,
    /// When this state last changed.
    pub updated_at: DateTime<Utc>,
    /// How many events the handlers have applied since the start or the last replay.
    pub events_processed: u64,
    /// How many attempts have failed since the start or the last replay. A later success does not lower it.
    pub error_count: u64,
    /// The text of the last failure. A later success does not remove it: [`health`](Self::health) says whether the last
    /// attempt failed.
    pub last_error: Option<String>,
    /// Whether the last attempt succeeded.
    pub health: ProjectionHealth,
}

/// The health of an engine: whether its last attempt succeeded.
///
/// ```
/// use eventsource::engine::ProjectionHealth;
///
/// assert!(ProjectionHealth::default().is_healthy());
/// assert!(!ProjectionHealth::Failing.is_healthy());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProjectionHealth {
    /// The last attempt succeeded, or there was none.
    #[default]
    Healthy,
    /// The last attempt failed. The next success makes the engine healthy.
    Failing,
}

impl ProjectionHealth {
    /// Returns whether the last attempt succeeded, or there was none.
    #[must_use]
    pub const fn is_healthy(self) -> bool {
        matches!(self, Self::Healthy)
    }
}

impl ProjectionState {
    /// Creates the state of an engine that has processed nothing.
    #[must_use]
    pub fn new(projection_id: impl Into<String>) -> Self {
        Self {
            projection_id: projection_id.into(),
            last_event_id: None,
            position: Position::START,
            updated_at: now(),
            events_processed: 0,
            error_count: 0,
            last_error: None,
            health: ProjectionHealth::Healthy,
        }
    }

    /// Notes that the event `id` at `position` is done.
    pub(super) fn pass(&mut self, id: Uuid, position: Position, is_handled: bool) {
        // The event of a dead letter is before the last one.
        if position > self.position {
            self.last_event_id = Some(id);
            self.position = position;
        }
        self.events_processed += u64::from(is_handled);
        self.health = ProjectionHealth::Healthy;
        self.updated_at = now();
    }

    /// Notes that an attempt failed with `error`.
    pub(super) fn fail(&mut self, error: String) {
        self.error_count += 1;
        self.last_error = Some(error);
        self.health = ProjectionHealth::Failing;
        self.updated_at = now();
    }
}
