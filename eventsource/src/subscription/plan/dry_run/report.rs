//! What a dry run has found.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::event::Position;
use crate::subscription::plan::FailedEvent;

/// What a dry run has found. [`SubscriptionManager::dry_run`](crate::SubscriptionManager::dry_run) returns it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DryRunReport {
    /// The version of this form: 1. A later version only adds fields.
    pub format: u32,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// The end of the log when it began. Later events were not applied.
    pub head: Position,
    /// The subscriptions of the program, by name.
    pub subscriptions: Vec<TriedSubscription>,
}

impl DryRunReport {
    /// Returns the subscriptions of which at least one event would fail.
    pub fn failed(&self) -> impl Iterator<Item = &TriedSubscription> {
        self.subscriptions.iter().filter(|tried| tried.failed > 0)
    }
}

/// What a dry run has found for one subscription.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TriedSubscription {
    /// The name.
    pub name: String,
    /// How its trial ended.
    #[serde(flatten)]
    pub outcome: TrialOutcome,
    /// The position after which it was applied.
    pub from: Position,
    /// The position up to which it was applied.
    pub to: Position,
    /// How many events were applied.
    pub applied: u64,
    /// How many events would fail.
    pub failed: u64,
    /// How many events would wait behind a failed event of their stream.
    pub held: u64,
    /// The first 100 events that would fail, by position.
    pub failures: Vec<FailedEvent>,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// How the trial of a subscription ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum TrialOutcome {
    /// All of it was applied.
    Complete {},
    /// Its effects are outside, so no handler was called. It was only tried whether the events can be decoded.
    OnlyDecoded {},
    /// Only a part was applied.
    CutShort {
        /// Why.
        reason: String,
    },
    /// No event was applied.
    NotTried {
        /// Why.
        reason: String,
    },
}
