//! What a program would do to a database.

use chrono::{DateTime, Utc};
use serde::Serialize;

use std::time::Duration;

use super::{DryRunReport, Estimate, EstimateBy, FingerprintChange};
use crate::event::Position;
use crate::projection::Guarantee;
use crate::projection::operations::Pause;
use crate::store::StoredType;

/// What a program would do to a database. [`SubscriptionManager::plan`](crate::SubscriptionManager::plan) returns it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// The version of this form: 1. A later version only adds fields.
    pub format: u32,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// The end of the log.
    pub head: Position,
    /// The subscriptions of the program, by name.
    pub subscriptions: Vec<PlannedSubscription>,
    /// The checkpoints in the database that no subscription of the program has.
    pub stored_only: Vec<StoredOnly>,
    /// Up to 100 event types in the log that the program does not know: nothing decodes them.
    pub unknown_types: Vec<StoredType>,
    /// Up to 100 event types in the log that the program knows, and that no subscription handles.
    pub unhandled_types: Vec<StoredType>,
}

impl Plan {
    /// Replaces the estimates by those of a dry run, which has called the handlers.
    pub fn estimate_by(&mut self, report: &DryRunReport) {
        for planned in &mut self.subscriptions {
            let tried = report.subscriptions.iter().find(|tried| tried.name == planned.name && tried.applied > 0);
            let (Some(tried), true) = (tried, planned.estimate.is_some()) else { continue };
            let positions = self.head.value().saturating_sub(planned.from.value());
            let sampled = tried.to.value().saturating_sub(tried.from.value());
            let took = Duration::from_secs_f64(tried.seconds.clamp(0.0, 1e9));
            planned.estimate = Estimate::of(positions, sampled, took, EstimateBy::Handling);
        }
    }

    /// Returns the subscriptions that would continue although they need a hand: a table is missing, or the subscription is
    /// faulted.
    pub fn obstructed(&self) -> impl Iterator<Item = &PlannedSubscription> {
        let continues = |planned: &&PlannedSubscription| matches!(planned.action, PlannedAction::Continue {});
        let needs = |planned: &&PlannedSubscription| !planned.missing_tables.is_empty() || planned.failure.is_some();
        self.subscriptions.iter().filter(continues).filter(needs)
    }

    /// Returns the subscriptions that would be refused.
    pub fn refused(&self) -> impl Iterator<Item = &PlannedSubscription> {
        self.subscriptions.iter().filter(|planned| matches!(planned.action, PlannedAction::Refuse { .. }))
    }
}

/// What a program would do with one subscription.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PlannedSubscription {
    /// The name.
    pub name: String,
    /// The kind of its projection.
    pub kind: String,
    /// The guarantee for its effects.
    pub guarantee: Guarantee,
    /// What would happen to it.
    #[serde(flatten)]
    pub action: PlannedAction,
    /// The fingerprint of the program.
    pub fingerprint: String,
    /// How it has changed since its checkpoint was stored; `None` if it has not, or if there is no checkpoint.
    pub change: Option<FingerprintChange>,
    /// The position of its checkpoint; `None` if there is none.
    pub position: Option<Position>,
    /// The position after which it would apply the log.
    pub from: Position,
    /// The owner of the checkpoint, if a process has a lease on it. The program would stand by until that one ends.
    pub owner: Option<String>,
    /// The pause that an operator wants.
    pub pause: Option<Pause>,
    /// The tables that it declares.
    pub tables: Vec<String>,
    /// The tables of a subscription that continues which do not exist. The program would create them empty, and the rows of
    /// the events before its checkpoint would be missing: restore the tables, or rebuild it.
    pub missing_tables: Vec<String>,
    /// Why it was faulted at the last report of a process. The program would apply the same event again.
    pub failure: Option<String>,
    /// About how long it takes until it has applied the present log; `None` if nothing is to apply, or it was not asked.
    pub estimate: Option<Estimate>,
}

/// What would happen to a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum PlannedAction {
    /// It is new: there is no checkpoint.
    Start {},
    /// It continues from its checkpoint.
    Continue {},
    /// It has changed. Its read model is emptied, and the log is replayed into it.
    RebuildInPlace {},
    /// It has changed. New tables are built from the log, and replace the present ones.
    RebuildSideBySide {},
    /// The log is replayed into its memory: in each new process, or because it has changed.
    Replay {},
    /// It does not run.
    Refuse {
        /// Why, and what to do.
        reason: String,
    },
}

impl PlannedAction {
    /// Returns the text for a table, such as `rebuild side by side`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Start {} => "new",
            Self::Continue {} => "continue",
            Self::RebuildInPlace {} => "rebuild in place",
            Self::RebuildSideBySide {} => "rebuild side by side",
            Self::Replay {} => "replay into memory",
            Self::Refuse { .. } => "refuse",
        }
    }
}

/// A checkpoint in the database that no subscription of the program has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StoredOnly {
    /// The name of the checkpoint. It ends with `~next` if it belongs to an unfinished next generation.
    pub name: String,
    /// Its position.
    pub position: Position,
    /// The fingerprint of the projection that stored it.
    pub fingerprint: String,
    /// When it moved last.
    pub updated_at: DateTime<Utc>,
    /// The process that has a lease on it.
    pub owner: Option<String>,
}
