//! One subscription, as an operator sees it.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::FORMAT;
use crate::event::Position;
use crate::projection::operations::{Pause, RequestState, StoredRequest};
use crate::subscription::Action;
use crate::text;

/// A subscription, as its checkpoint and the reports of managers show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SubscriptionView {
    /// The version of this view as JSON: 1. Keys are added without a new version.
    pub format: u32,
    /// The name.
    pub name: String,
    /// The kind of its projection, such as `transactional`. Empty if no manager has reported it.
    pub kind: String,
    /// What is guaranteed for it, such as `exactly once`. Empty if no manager has reported it.
    pub guarantee: String,
    /// Its state, as its owner reports it, such as `live`; `not running` if no process runs it.
    pub state: String,
    /// The reason of the state, if it has one.
    pub reason: Option<String>,
    /// Its last failure.
    pub failure: Option<String>,
    /// The stored position; that of this process for a projection in memory.
    pub position: Position,
    /// How many events are after the position, counted up to 10,001. It counts the events of all types.
    pub behind: u64,
    /// How many seconds ago the oldest of them was stored.
    pub behind_seconds: f64,
    /// How many events its owner has handled since its start.
    pub handled: u64,
    /// How many events it handles in a second, lately.
    pub rate: f64,
    /// How many dead letters wait, counted up to 10,001.
    pub letters: u64,
    /// How many events wait behind them.
    pub held: u64,
    /// The pause that an operator wants.
    pub pause: Option<Pause>,
    /// The position at which an unfinished rebuild in place is complete.
    pub rebuild_to: Option<Position>,
    /// The position of the next generation, which a rebuild side by side builds.
    pub next_generation: Option<Position>,
    /// Who holds the next generation: it serves after
    /// [`SwitchRebuild`](crate::subscription::Action::SwitchRebuild).
    #[serde(default)]
    pub hold: Option<Pause>,
    /// The process that owns the checkpoint.
    pub owner: Option<OwnerView>,
    /// The managers that report it.
    pub managers: Vec<ManagerView>,
    /// The version of the projection that made the checkpoint: its name, its version and its events.
    pub fingerprint: String,
    /// The types of the events that it handles, as a manager reports them. `None`: all types, or not reported.
    pub handles: Option<Vec<String>>,
    /// The time of the last change of its checkpoint.
    pub updated_at: Option<DateTime<Utc>>,
    /// The events that operators skipped: at most the latest 200 ranges, the latest first. Empty in an overview: it is read
    /// for one subscription only.
    #[serde(default)]
    pub skipped: Vec<SkippedView>,
}

impl SubscriptionView {
    /// Creates the view of a subscription of which nothing is known.
    pub(in crate::admin) fn new(name: &str) -> Self {
        Self {
            format: FORMAT,
            name: name.to_owned(),
            kind: String::new(),
            guarantee: String::new(),
            state: String::new(),
            reason: None,
            failure: None,
            position: Position::START,
            behind: 0,
            behind_seconds: 0.0,
            handled: 0,
            rate: 0.0,
            letters: 0,
            held: 0,
            pause: None,
            rebuild_to: None,
            next_generation: None,
            hold: None,
            owner: None,
            managers: Vec::new(),
            fingerprint: String::new(),
            handles: None,
            updated_at: None,
            skipped: Vec::new(),
        }
    }
}

/// Events that were never applied, since an operator skipped them. A rebuild after that time has applied them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SkippedView {
    /// The position after which it begins.
    pub from: Position,
    /// The last position.
    pub to: Position,
    /// The operator.
    pub by: String,
    /// The reason, as the operator gave it.
    pub reason: String,
    /// The time at which it was done.
    pub at: DateTime<Utc>,
}

impl SkippedView {
    /// Returns what a request skipped, if it did.
    pub(in crate::admin) fn of(stored: StoredRequest) -> Option<Self> {
        let (Ok(Action::Skip { from, to, reason }), RequestState::Done { at, .. }) =
            (Action::of(&stored.request), &stored.state)
        else {
            return None;
        };
        Some(Self { from, to, by: stored.request.by, reason, at: *at })
    }
}

/// The process that owns a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OwnerView {
    /// The name of its manager.
    pub manager: String,
    /// When its lease ends, if it does not renew it.
    pub until: DateTime<Utc>,
    /// Whether the lease has ended: another process takes over as soon as it notices.
    pub is_expired: bool,
}

/// For example `process 7 on shop-1 (its lease has ended)`: without the id that makes the name unique.
impl fmt::Display for OwnerView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(text::short_name(&self.manager))?;
        if self.is_expired { f.write_str(" (its lease has ended)") } else { Ok(()) }
    }
}

/// What one manager reports about a subscription.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ManagerView {
    /// The name of the manager.
    pub manager: String,
    /// The state of the subscription in it.
    pub state: String,
    /// The reason of the state.
    pub reason: Option<String>,
    /// The fingerprint of the projection in its program.
    pub fingerprint: String,
    /// The time of the report.
    pub at: DateTime<Utc>,
    /// Whether the manager has not reported for 30 seconds: it has ended, or cannot reach the database.
    pub is_silent: bool,
}
