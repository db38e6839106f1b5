//! A subscription in the manager: starts and stops its runner, and resets it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::task::JoinHandle;

use super::answered::answered;
use super::erased::ErasedSubscriber;
use super::launch::Launch;
use super::rebuilds::{Outcome, Tracked};
use super::requests::{Request, answer};
use super::subscription_shared::{Control, SubscriptionShared};
use super::{ManagerError, RebuildError, RebuildKind, ResetError, StopReason, SubscriptionStatus, inspect};
use crate::event::{Position, StreamId};
use crate::projection::{
    Checkpoint, CheckpointError, CheckpointReset, CheckpointStore, CommitError, DeadLetter, LetterQuery,
    NoTruncateHook, UnitOfWork,
};

/// A subscription in the manager.
pub(super) struct SupervisedSubscription<C: CheckpointStore> {
    pub(super) core: Arc<SubscriptionShared>,
    checkpoints: Arc<C>,
    subscriber: Arc<dyn ErasedSubscriber<C::Unit>>,
    /// The subscriptions of the manager, while the manager exists.
    slots: Weak<SupervisedSubscriptions<C>>,
    /// Whether it was unsubscribed.
    is_out: AtomicBool,
    /// Locked while the runner is started or stopped, and during a reset.
    task: tokio::sync::Mutex<Option<Task>>,
}

/// The subscriptions of a manager, by name.
pub(super) type SupervisedSubscriptions<C> = Mutex<BTreeMap<String, Arc<SupervisedSubscription<C>>>>;

/// The operations of a handle, without the type of the checkpoint store.
#[async_trait]
pub(super) trait Operations: Send + Sync {
    async fn reset(&self) -> Result<(), ResetError>;

    /// Returns the dead letters that match `query`.
    async fn letters(&self, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError>;

    /// Deletes the letters that were dismissed before `before`, and returns their number.
    async fn forget_dismissed(&self, before: DateTime<Utc>) -> Result<u64, CheckpointError>;

    /// Returns the dead letter at `position`.
    async fn letter(&self, position: Position) -> Result<Option<DeadLetter>, CheckpointError>;

    /// Returns the letter behind which `stream` is parked.
    async fn parked(&self, stream: &StreamId) -> Result<Option<DeadLetter>, CheckpointError>;

    /// Returns the stored checkpoint.
    async fn stored(&self) -> Result<Option<Checkpoint>, CheckpointError>;

    async fn inspect(&self) -> SubscriptionStatus;

    /// Asks the runner to begin a rebuild. Starts the runner if it does not run.
    async fn rebuild(&self, kind: RebuildKind) -> Result<Arc<Tracked>, RebuildError>;

    async fn cancel_rebuild(&self, tracked: &Tracked) -> Result<(), ManagerError>;

    /// Stops the runner if there is one, and starts the next one.
    async fn restart(self: Arc<Self>) -> Result<(), ManagerError>;
}

impl<C: CheckpointStore> SupervisedSubscription<C> {
    pub(super) fn new(
        core: SubscriptionShared,
        checkpoints: Arc<C>,
        subscriber: Arc<dyn ErasedSubscriber<C::Unit>>,
        slots: &Arc<SupervisedSubscriptions<C>>,
    ) -> Self {
        Self {
            core: Arc::new(core),
            checkpoints,
            subscriber,
            slots: Arc::downgrade(slots),
            is_out: AtomicBool::new(false),
            task: tokio::sync::Mutex::new(None),
        }
    }

    /// Starts the runner, unless it runs or the subscription was unsubscribed.
    pub(super) async fn start(&self, runtime: &tokio::runtime::Handle) {
        self.start_with(runtime, None).await;
    }

    /// Starts the runner with a first request.
    async fn start_with(&self, runtime: &tokio::runtime::Handle, request: Option<Request>) {
        let mut task = self.task.lock().await;
        if self.is_out.load(Ordering::SeqCst) {
            return;
        }
        let state = self.core.progress.snapshot().state;
        let is_stopping = matches!(*self.core.control.borrow(), Control::Stop(_));
        if state.is_running() && !state.is_restarting() && !is_stopping {
            request.into_iter().for_each(|request| self.core.requests.add(request));
            return;
        }
        if task.is_some() && !is_stopping {
            self.tell_to_stop(StopReason::Restarting);
        }
        // A runner that is stopping, or would start again later, has ended before the next one begins.
        let _ = join(&mut task).await;
        let launch = self.launch();
        if !launch.prepare(request.is_some()).await {
            return;
        }
        request.into_iter().for_each(|request| self.core.requests.add(request));
        self.core.control.send_replace(Control::Run);
        self.core.set_pause_reason(None);
        self.core.restarts.forget();
        *task = Some(runtime.spawn(launch.begin().run()));
    }

    fn launch(&self) -> Launch<C> {
        Launch {
            core: Arc::clone(&self.core),
            checkpoints: Arc::clone(&self.checkpoints),
            subscriber: Arc::clone(&self.subscriber),
        }
    }

    /// Stops the runner if there is one, and starts the next one. Goes on if this future is dropped.
    pub(super) async fn restart_in(self: Arc<Self>, runtime: &tokio::runtime::Handle) -> Result<(), ManagerError> {
        self.core.refuse_handler("restart it")?;
        if self.is_out.load(Ordering::SeqCst) || self.slots.strong_count() == 0 {
            let (subscription, state) = (self.core.name.clone(), self.core.progress.snapshot().state);
            return Err(ManagerError::NotRunning { subscription, state });
        }
        let within = runtime.clone();
        let restart = runtime.spawn(async move {
            let saved = self.stop(StopReason::Restarting).await;
            self.start(&within).await;
            saved
        });
        restart.await.unwrap_or(Err(ManagerError::NoRuntime))
    }

    /// Drops the unfinished next generation.
    async fn discard_next(&self) -> Result<(), CheckpointError> {
        match self.checkpoints.generations() {
            Some(generations) if !self.core.tables.is_empty() => {
                generations.discard(&self.core.name, &self.core.tables).await
            }
            _ => Ok(()),
        }
    }

    /// Stops the subscription and never starts it again.
    pub(super) fn take_out(&self) {
        self.is_out.store(true, Ordering::SeqCst);
        self.tell_to_stop(StopReason::Unsubscribed);
        self.core.progress.take_out();
    }

    /// Returns whether another subscription of this name, subscribed after this one was unsubscribed, runs.
    fn successor_runs(&self) -> bool {
        let Some(slots) = self.slots.upgrade() else { return false };
        let slots = slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.get(&self.core.name).is_some_and(|slot| slot.core.is_running())
    }

    /// Tells the runner to stop after the present batch.
    pub(super) fn tell_to_stop(&self, reason: StopReason) {
        self.core.control.send_replace(Control::Stop(reason));
    }

    /// Aborts the runner, and returns whether there was one.
    pub(super) async fn cut_off(&self) -> bool {
        let mut task = self.task.lock().await;
        let Some(running) = task.as_ref().filter(|running| !running.is_finished()) else { return false };
        self.tell_to_stop(StopReason::DeadlinePassed);
        running.abort();
        // A handler that blocks its thread cannot be aborted.
        let _ = tokio::time::timeout(CUT_OFF_TIME, join(&mut task)).await;
        true
    }

    /// Stops the runner. Fails if its last checkpoint was not saved.
    pub(super) async fn stop(&self, reason: StopReason) -> Result<(), ManagerError> {
        let mut task = self.task.lock().await;
        // Under the lock: otherwise this could wait for a runner that was started after the command to stop.
        if task.is_some() {
            self.tell_to_stop(reason);
        }
        join(&mut task)
            .await
            .map_err(|source| ManagerError::NotSaved { subscription: self.core.name.clone(), source: Box::new(source) })
    }
}

/// How long to wait for a runner that was aborted.
const CUT_OFF_TIME: Duration = Duration::from_millis(500);

type Task = JoinHandle<Result<(), CommitError>>;

/// Waits until the runner has ended. If this is dropped, the runner stays in `task` for the next call.
async fn join(task: &mut Option<Task>) -> Result<(), CommitError> {
    let Some(running) = task else { return Ok(()) };
    let ended = running.await;
    *task = None;
    // The guard of a task that panicked or was aborted has reported that.
    ended.unwrap_or(Ok(()))
}

#[async_trait]
impl<C: CheckpointStore> Operations for SupervisedSubscription<C> {
    async fn letters(&self, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError> {
        match self.core.facts.has_stored_checkpoint {
            true => self.checkpoints.dead_letters(&self.core.name, query).await,
            false => Ok(self.core.in_memory.letters(query)),
        }
    }

    async fn forget_dismissed(&self, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        let forgotten = match self.core.facts.has_stored_checkpoint {
            false => 0,
            true => self.checkpoints.forget_dismissed(&self.core.name, before).await?,
        };
        Ok(forgotten.max(self.core.in_memory.forget_dismissed(before)))
    }

    async fn letter(&self, position: Position) -> Result<Option<DeadLetter>, CheckpointError> {
        match self.core.facts.has_stored_checkpoint {
            false => Ok(self.core.in_memory.letter(position)),
            true => self.checkpoints.dead_letter(&self.core.name, position).await,
        }
    }

    async fn parked(&self, stream: &StreamId) -> Result<Option<DeadLetter>, CheckpointError> {
        // A standby does not know the letters of its owner.
        let is_elsewhere = self.core.runs_elsewhere(&self.core.progress.snapshot().state);
        match self.core.facts {
            facts if facts.keeps_state && !is_elsewhere => Ok(self.core.in_memory.parked(stream)),
            _ => Ok(self.checkpoints.parked(&self.core.name, std::slice::from_ref(stream)).await?.pop()),
        }
    }

    async fn stored(&self) -> Result<Option<Checkpoint>, CheckpointError> {
        self.checkpoints.load(&self.core.name).await
    }

    async fn inspect(&self) -> SubscriptionStatus {
        inspect::inspect(&*self.checkpoints, &self.core).await
    }

    async fn rebuild(&self, kind: RebuildKind) -> Result<Arc<Tracked>, RebuildError> {
        self.core.refuse_handler("rebuild it").map_err(ManagerError::from)?;
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| ManagerError::NoRuntime)?;
        let (answer, asked) = answer();
        self.start_with(&runtime, Some(Request::Rebuild { kind, answer })).await;
        answered(&self.core, asked)
            .await
            .unwrap_or_else(|state| Err(RebuildError::NotRunning { subscription: self.core.name.clone(), state }))
    }

    async fn cancel_rebuild(&self, tracked: &Tracked) -> Result<(), ManagerError> {
        if tracked.kind == RebuildKind::InPlace {
            return self.stop(StopReason::RebuildCancelled).await;
        }
        let (answer, asked) = answer();
        self.core.requests.add(Request::CancelNext { answer });
        let Err(state) = answered(&self.core, asked).await else { return Ok(()) };
        let mut task = self.task.lock().await;
        if self.core.is_running() || !tracked.is_unfinished() {
            let subscription = self.core.name.clone();
            return if tracked.is_unfinished() {
                Err(ManagerError::NotRunning { subscription, state })
            } else {
                Ok(())
            };
        }
        let _ = join(&mut task).await;
        let discarded = self.discard_next().await;
        tracked.end(Outcome::Cancelled);
        discarded.map_err(|source| ManagerError::Store { subscription: self.core.name.clone(), source })
    }

    async fn restart(self: Arc<Self>) -> Result<(), ManagerError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| ManagerError::NoRuntime)?;
        self.restart_in(&runtime).await
    }

    async fn reset(&self) -> Result<(), ResetError> {
        // The lock prevents a start during the reset.
        let mut task = self.task.lock().await;
        let subscription = self.core.name.clone();
        if self.core.is_running() || self.successor_runs() {
            return Err(ResetError::Running { subscription });
        }
        let _ = join(&mut task).await;
        if let Err(source) = self.discard_next().await {
            return Err(ResetError::Checkpoint { subscription, source });
        }
        let in_memory = self.core.facts.keeps_state;
        let mut unit = match self.core.facts.is_transactional {
            true => match self.checkpoints.begin().await {
                Ok(unit) => unit,
                Err(source) => return Err(ResetError::Checkpoint { subscription, source }),
            },
            false => self.checkpoints.detached(),
        };
        if in_memory {
            self.core.in_memory.poison();
        }
        if self.core.facts.is_transactional
            && let Some(generations) = self.checkpoints.generations()
            && let Err(source) = generations.reshape(&mut unit, &self.core.tables).await
        {
            unit.rollback().await;
            return Err(ResetError::Checkpoint { subscription, source });
        }
        // As a rebuild does: state in memory begins again from a copy, if there is no hook.
        let emptied = match in_memory {
            true => self.subscriber.restart_empty(&mut unit).await,
            false => self.subscriber.truncate(&mut unit).await,
        };
        if let Err(error) = emptied {
            unit.rollback().await;
            return Err(if error.is_caused_by::<NoTruncateHook>() {
                self.core.in_memory.recover();
                ResetError::NoTruncateHook { subscription }
            } else {
                ResetError::Truncate { subscription, error }
            });
        }
        if self.core.facts.has_stored_checkpoint
            && let Err(source) = unit.clear(&CheckpointReset::new(&*self.core.name)).await
        {
            return Err(ResetError::Commit { subscription, source });
        }
        if in_memory {
            self.core.in_memory.reset();
        }
        self.core.rebuilds.clear();
        self.core.progress.clear();
        tracing::info!(subscription, "reset: the read model is empty and the checkpoint cleared");
        Ok(())
    }
}
