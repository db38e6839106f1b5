//! Runs a subscription: its runner, and the runners that follow after faults.
//!
//! ```text
//! runner -> ended otherwise                            -> the end
//!        -> restarting (`RestartPolicy`) -> stop       -> the end
//!                                        -> pause, or the time has come -> runner
//! ```

use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use crate::projection::{CheckpointStore, CommitError};
use crate::subscription::erased::ErasedSubscriber;
use crate::subscription::in_memory::{Cause, MemoryHealth};
use crate::subscription::runner::{Ended, Exit, Runner};
use crate::subscription::subscription_shared::{Control, SubscriptionShared};
use crate::subscription::{StopReason, SubscriptionState};

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
            core.progress.show(SubscriptionState::Stopped { reason: StopReason::StateUnknown });
            return false;
        }
        core.find_end().await;
        true
    }

    /// Creates the first runner.
    ///
    /// It is created before its task: so all subscriptions that a manager starts read the log together from the first
    /// page on.
    pub(super) fn begin(self) -> Launched<C> {
        let guard = TaskGuard { core: Arc::clone(&self.core), has_ended: false };
        Launched { runner: self.runner(), guard, launch: self }
    }

    fn runner(&self) -> Runner<C> {
        Runner::new(Arc::clone(&self.core), Arc::clone(&self.checkpoints), Arc::clone(&self.subscriber))
    }
}

/// The task of a subscription, before it runs.
pub(super) struct Launched<C: CheckpointStore> {
    launch: Launch<C>,
    runner: Runner<C>,
    guard: TaskGuard,
}

impl<C: CheckpointStore> Launched<C> {
    /// Runs the subscription until it has ended, and does not start again by itself. Fails if a stop could not save the
    /// last checkpoint.
    pub(super) async fn run(self) -> Result<(), CommitError> {
        let Self { launch, mut runner, mut guard } = self;
        let saved = loop {
            let Ended { exit, saved } = runner.run().await;
            let Exit::Restarting(_, next) = exit else { break saved };
            if !launch.wait_for_restart(next.due).await || !launch.prepare(false).await {
                break saved;
            }
            launch.core.restarts.begin();
            runner = launch.runner();
        };
        guard.has_ended = true;
        saved
    }
}

impl<C: CheckpointStore> Launch<C> {
    /// Returns true when the subscription starts again, and false if it does not.
    async fn wait_for_restart(&self, due: Instant) -> bool {
        let mut control = self.core.control.subscribe();
        tokio::select! {
            biased;
            // The runner obeys a pause. `core` keeps the sender alive.
            _ = control.wait_for(|control| *control != Control::Run) => {}
            () = sleep_until(due) => {}
        }
        let Control::Stop(reason) = *control.borrow() else { return true };
        self.core.progress.show(SubscriptionState::Stopped { reason });
        false
    }
}

/// Reports the end of a task that was dropped before its runner has ended: it panicked, was aborted, or its runtime was
/// shut down.
struct TaskGuard {
    core: Arc<SubscriptionShared>,
    has_ended: bool,
}

impl Drop for TaskGuard {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let reason = match *self.core.control.borrow() {
            Control::Stop(StopReason::DeadlinePassed) => StopReason::DeadlinePassed,
            _ if std::thread::panicking() => StopReason::RunnerPanicked,
            _ => StopReason::RuntimeShutDown,
        };
        self.core.progress.show(SubscriptionState::Stopped { reason });
    }
}
