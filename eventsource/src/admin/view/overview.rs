//! All subscriptions, as an operator sees them at one time.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::SubscriptionView;
use crate::event::Position;

/// All subscriptions, as they were at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Overview {
    /// The version of this view as JSON: 1. Keys are added without a new version.
    pub format: u32,
    /// The time at which it was made.
    pub at: DateTime<Utc>,
    /// The last position of the log.
    pub head: Position,
    /// What holds the log back, if something does: new events are stored, and cannot be read yet.
    pub stalled_by: Option<String>,
    /// The subscriptions, by name.
    pub subscriptions: Vec<SubscriptionView>,
}
