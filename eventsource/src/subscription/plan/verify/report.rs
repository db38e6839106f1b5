//! What a verification has found.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::event::Position;
use crate::projection::TableComparison;
use crate::subscription::plan::FailedEvent;

/// A read model, compared with its log. [`SubscriptionManager::verify`](crate::SubscriptionManager::verify) returns it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct VerifyReport {
    /// The version of this form: 1. A later version only adds fields.
    pub format: u32,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// The subscription.
    pub subscription: String,
    /// The position of its checkpoint when its rows were compared.
    pub position: Position,
    /// How many events were applied.
    pub applied: u64,
    /// How many events were left out, because they are dead letters, wait behind one, or were dismissed.
    pub left_out: u64,
    /// How many events have failed. They have succeeded, or were skipped, in the read model.
    pub failed: u64,
    /// The first 100 events that have failed, by position.
    pub failures: Vec<FailedEvent>,
    /// Its tables.
    pub tables: Vec<TableComparison>,
    /// How long it took, in seconds.
    pub seconds: f64,
}

impl VerifyReport {
    /// Returns whether readers see exactly the rows that the log gives.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.failed == 0 && self.tables.iter().all(TableComparison::is_equal)
    }
}
