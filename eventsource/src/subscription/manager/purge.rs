//! The task of a manager that deletes dismissed letters after the time for which they are kept.

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::supervised::{SupervisedSubscription, SupervisedSubscriptions};
use crate::causes::with_causes;
use crate::event::now;
use crate::projection::CheckpointStore;
use crate::subscription::handle::subscription_control::SubscriptionControl;

/// The time from the start of the manager to the first round.
const FIRST: Duration = Duration::from_mins(10);

/// The time between two rounds.
const ROUND: Duration = Duration::from_hours(6);

/// The task. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Purge(JoinHandle<()>);

impl Drop for Purge {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Purge {
    /// Starts the task.
    pub(super) fn start<C: CheckpointStore>(slots: &Arc<SupervisedSubscriptions<C>>) -> Self {
        Self(tokio::spawn(run(Arc::downgrade(slots))))
    }
}

async fn run<C: CheckpointStore>(slots: Weak<SupervisedSubscriptions<C>>) {
    let mut rounds = interval_at(Instant::now() + FIRST, ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        let Some(slots) = slots.upgrade() else { return };
        let slots: Vec<_> = slots.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        for slot in slots {
            purge(&slot).await;
        }
    }
}

/// Deletes old dismissed letters of the subscription, if this process owns it. A projection that keeps its state in memory
/// skips the events of dismissed letters when it replays the log, so its letters stay.
async fn purge<C: CheckpointStore>(slot: &SupervisedSubscription<C>) {
    let (core, state) = (&slot.core, slot.core.progress.snapshot().state);
    let is_owner = state.is_running() && !core.runs_elsewhere(&state);
    let Some(kept) = core.config.keep_dismissed.and_then(|time| TimeDelta::from_std(time).ok()) else { return };
    let Some(before) = now().checked_sub_signed(kept) else { return };
    if !is_owner || !core.facts.has_stored_checkpoint || core.facts.keeps_state {
        return;
    }
    match slot.forget_dismissed(before).await {
        Ok(0) => {}
        Ok(letters) => tracing::info!(subscription = core.name, letters, %before, "deleted old dismissed letters"),
        Err(error) => {
            let error = with_causes(&error);
            tracing::warn!(subscription = core.name, %error, "old dismissed letters were not deleted; the next round tries again");
        }
    }
}
