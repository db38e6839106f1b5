//! Runs a subscription: its runner, and the runners that follow after faults.
//!
//! ```text
//! runner -> ended otherwise                            -> the end
//!        -> restarting (`RestartPolicy`) -> stop       -> the end
//!                                        -> pause, or the time has come -> runner
//! ```

use std::sync::Arc;

use tokio::time::sleep_until;

use super::erased::ErasedSubscriber;
use super::in_memory::{Cause, MemoryHealth};
use super::runner::Runner;
use super::subscription_shared::{Control, SubscriptionShared};
use super::{StopReason, SubscriptionState};
use crate::projection::{CheckpointStore, CommitError};

/// What a runner is made of.
pub(super) struct Launch<C: CheckpointStore> {
    pub(super) core: Arc<SubscriptionShared>,
    pub(super) checkpoints: Arc<C>,
    pub(super) subscriber: Arc<dyn ErasedSubscriber<C::Unit>>,
}

impl<C: CheckpointStore> Launch<C> {
    /// Prepares a start. Returns false, and stops the subscription, if the state of its memory is unknown. A rebuild
    /// starts nevertheless.
    pub(super) async fn prepare(&self, rebuilds: bool) -> bool {
        let core = &self.core;
        let is_memory = !core.facts.has_stored_checkpoint;
        if is_memory
            && core.in_memory.health() == MemoryHealth::Poisoned(Cause::CutOff)
            && self.subscriber.restart_empty(&mut self.checkpoints.detached()).await.is_ok()
        {
            core.in_memory.restart_empty();
        }
        if is_memory && core.in_memory.is_poisoned() && !rebuilds {
            core.progress.set_state(SubscriptionState::Stopped { reason: StopReason::StateUnknown });
            return false;
        }
        core.find_end().await;
        true
    }

    /// Notes that a runner starts now, and creates it.
    pub(super) fn begin(&self) -> Runner<C> {
        self.core.progress.doubt_log();
        self.core.progress.set_state(SubscriptionState::CatchingUp);
        Runner::new(Arc::clone(&self.core), Arc::clone(&self.checkpoints), Arc::clone(&self.subscriber))
    }

    /// Runs the subscription until it has ended, and does not start again by itself. Fails if a stop could not save the
    /// last checkpoint.
    ///
    /// `runner` was created before the task: so all subscriptions that a manager starts read the log together from the
    /// first page on.
    pub(super) async fn run(self, mut runner: Runner<C>) -> Result<(), CommitError> {
        let _abandoned = Abandoned(&self.core);
        loop {
            let saved = runner.run().await;
            if !self.wait_for_restart().await || !self.prepare(false).await {
                return saved;
            }
            self.core.restarts.begin();
            runner = self.begin();
        }
    }

    /// Returns true when the subscription starts again, and false if it does not.
    async fn wait_for_restart(&self) -> bool {
        let is_restarting = self.core.progress.snapshot().state.is_restarting();
        let Some(at) = self.core.restarts.next_at().filter(|_| is_restarting) else { return false };
        let mut control = self.core.control.subscribe();
        tokio::select! {
            biased;
            // The runner obeys a pause. `core` keeps the sender alive.
            _ = control.wait_for(|control| *control != Control::Run) => {}
            () = sleep_until(at) => {}
        }
        let Control::Stop(reason) = *control.borrow() else { return true };
        self.core.progress.set_state(SubscriptionState::Stopped { reason });
        false
    }
}

/// Sets the state if the task is aborted, or dropped with its runtime, before a restart.
struct Abandoned<'a>(&'a SubscriptionShared);

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        if self.0.progress.snapshot().state.is_restarting() {
            let reason = match *self.0.control.borrow() {
                Control::Stop(StopReason::DeadlinePassed) => StopReason::DeadlinePassed,
                _ => StopReason::RuntimeShutDown,
            };
            self.0.progress.set_state(SubscriptionState::Stopped { reason });
        }
    }
}
