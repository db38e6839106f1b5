//! The task of a manager that serves other processes: it obeys stored pauses, serves requests, and reports the
//! subscriptions.

mod perform;
mod reports;
mod serve;

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use self::reports::Reports;
use self::serve::Serving;
use super::supervised::{SupervisedSubscription, SupervisedSubscriptions};
use crate::causes::with_causes;
use crate::event::now;
use crate::projection::operations::Operations;
use crate::projection::{CheckpointError, CheckpointStore};
use crate::store::WakeUpReceiver;

/// The time between two rounds, if nothing wakes the task earlier. A change is reported, and a pause is obeyed, within
/// it.
const ROUND: Duration = Duration::from_secs(1);

/// How many rounds pass until what is old is deleted.
const ROUNDS_UNTIL_CLEANED: u32 = 3_600;

/// How long a manager that stops tries to store its last reports.
const LAST_REPORT: Duration = Duration::from_millis(500);

/// How long requests that ended are kept.
const REQUESTS_KEPT: chrono::TimeDelta = chrono::TimeDelta::days(90);

/// How long reports of a manager that does not report any more are kept.
const REPORTS_KEPT: chrono::TimeDelta = chrono::TimeDelta::days(1);

/// The task. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Service(JoinHandle<()>);

impl Drop for Service {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What the task works with.
struct Rounds<C: CheckpointStore> {
    slots: Weak<SupervisedSubscriptions<C>>,
    checkpoints: Arc<C>,
    manager: Arc<str>,
    reports: Reports,
    serving: Serving,
    rounds: u32,
}

impl Service {
    /// Starts the task. `None` if the checkpoint store does not store pauses and reports.
    pub(super) fn start<C: CheckpointStore>(
        slots: &Arc<SupervisedSubscriptions<C>>,
        checkpoints: &Arc<C>,
        manager: &Arc<str>,
    ) -> Option<Self> {
        checkpoints.operations()?;
        let rounds = Rounds {
            slots: Arc::downgrade(slots),
            checkpoints: Arc::clone(checkpoints),
            manager: Arc::clone(manager),
            reports: Reports::default(),
            serving: Serving::default(),
            rounds: 0,
        };
        Some(Self(tokio::spawn(rounds.run())))
    }
}

/// Reports the subscriptions of a manager that has stopped, so that no process shows them as running until their last
/// report is old. Gives up after a short time: a store that does not answer must not delay the end of a process.
pub(super) async fn report_stopped<C: CheckpointStore>(
    checkpoints: &C,
    manager: &str,
    slots: &[Arc<SupervisedSubscription<C>>],
) {
    let Some(operations) = checkpoints.operations() else { return };
    let mut reports = Reports::default();
    let stored = tokio::time::timeout(LAST_REPORT, reports.store(operations, manager, slots)).await;
    if !matches!(stored, Ok(Ok(()))) {
        tracing::debug!("the last reports were not stored: the subscriptions are shown as before, for 30 seconds");
    }
}

impl<C: CheckpointStore> Rounds<C> {
    async fn run(mut self) {
        let checkpoints = Arc::clone(&self.checkpoints);
        let Some(operations) = checkpoints.operations() else { return };
        let mut wake_ups = operations.wake_ups();
        let mut ticks = interval(ROUND);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = woken(&mut wake_ups) => {}
            }
            let Some(slots) = self.slots.upgrade() else { return };
            let slots: Vec<_> = slots.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
            if let Err(error) = self.round(operations, &slots).await {
                let error = with_causes(&error);
                tracing::debug!(%error, "requests were not read, or reports were not stored; the next round tries again");
            }
        }
    }

    async fn round(
        &mut self,
        operations: &dyn Operations,
        slots: &[Arc<SupervisedSubscription<C>>],
    ) -> Result<(), CheckpointError> {
        let pauses = operations.pauses().await?;
        for slot in slots {
            slot.obey_stored_pause(pauses.contains_key(&slot.core.name)).await?;
        }
        let names: Vec<_> = slots.iter().map(|slot| slot.core.name.as_str()).collect();
        for open in operations.open_requests(&names).await? {
            if let Some(slot) = slots.iter().find(|slot| slot.core.name == open.request.subscription) {
                self.serving.begin(slot, &self.manager, open);
            }
        }
        self.reports.store(operations, &self.manager, slots).await?;
        self.clean(operations).await
    }

    /// Deletes what is old, now and then.
    async fn clean(&mut self, operations: &dyn Operations) -> Result<(), CheckpointError> {
        if self.rounds.is_multiple_of(ROUNDS_UNTIL_CLEANED) {
            let now = now();
            operations.expire(now).await?;
            operations.forget_requests(now - REQUESTS_KEPT).await?;
            operations.forget_reports(now - REPORTS_KEPT).await?;
        }
        self.rounds = self.rounds.wrapping_add(1);
        Ok(())
    }
}

/// Waits until the operations announce a change. Never returns if they announce none.
async fn woken(wake_ups: &mut Option<WakeUpReceiver>) {
    match wake_ups {
        Some(wake_ups) => wake_ups.wait().await,
        None => std::future::pending().await,
    }
}
