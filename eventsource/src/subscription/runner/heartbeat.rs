//! Renews the lease on the checkpoint.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::causes::with_causes;
use crate::projection::CheckpointStore;
use crate::subscription::erased::catch_panic;
use crate::subscription::observer::{LeaseSeen, LeaseStep};
use crate::subscription::subscription_shared::SubscriptionShared;

/// Renews the lease on the checkpoint until this is dropped or the lease is lost.
pub(super) struct Heartbeat {
    task: JoinHandle<()>,
    lost: watch::Receiver<bool>,
    _ownership: Arc<()>,
    core: Arc<SubscriptionShared>,
    epoch: u64,
    /// Whether another process has the lease.
    is_taken: bool,
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.task.abort();
        self.tell(if self.is_taken || *self.lost.borrow() { LeaseStep::Lost } else { LeaseStep::Released });
    }
}

impl Heartbeat {
    /// Begins to renew the lease of the owner with this `epoch`.
    pub(super) fn of<C: CheckpointStore>(core: &Arc<SubscriptionShared>, checkpoints: &Arc<C>, epoch: u64) -> Self {
        let (lose, lost) = watch::channel(false);
        let task = tokio::spawn(renew(Arc::clone(core), Arc::clone(checkpoints), epoch, lose));
        let heartbeat = Self {
            task,
            lost,
            core: Arc::clone(core),
            epoch,
            is_taken: false,
            _ownership: Arc::clone(&core.ownership),
        };
        heartbeat.tell(LeaseStep::Won);
        heartbeat
    }

    /// Notes that a commit has found another owner.
    pub(super) const fn note_taken(&mut self) {
        self.is_taken = true;
    }

    fn tell(&self, step: LeaseStep) {
        let (subscription, generation) = (self.core.observed_name(), self.core.generation());
        let seen = LeaseSeen { subscription, generation, step, epoch: self.epoch };
        self.core.observers.tell(|observer| observer.lease(&seen));
    }

    /// Returns what becomes true when another process owns the checkpoint.
    pub(super) fn lost(&self) -> watch::Receiver<bool> {
        self.lost.clone()
    }
}

async fn renew<C: CheckpointStore>(
    core: Arc<SubscriptionShared>,
    checkpoints: Arc<C>,
    epoch: u64,
    lose: watch::Sender<bool>,
) {
    let lease = core.config.lease;
    let mut beat = interval(lease / 3);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat.tick().await;
    loop {
        beat.tick().await;
        match catch_panic(checkpoints.renew(&core.name, epoch, lease)).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => {
                let _ = lose.send(true);
                return;
            }
            // It is tried again. A standby that takes over in between fences this runner.
            Ok(Err(error)) => {
                let error = with_causes(&error);
                tracing::debug!(subscription = core.name, %error, "the lease was not renewed");
            }
            Err(panic) => {
                tracing::error!(subscription = core.name, %panic, "the checkpoint store panicked: the lease was not renewed");
            }
        }
    }
}
