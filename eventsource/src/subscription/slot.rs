//! A subscription in the manager: the task that runs it, and its reset.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use tokio::task::JoinHandle;

use super::core::{Control, Core};
use super::runner::Runner;
use super::shared::ErasedSubscriber;
use super::{ManagerError, ResetError, StopReason, SubscriptionState};
use crate::projection::{CheckpointError, CheckpointStore, CommitError, DeadLetter, Kind, NoTruncateHook, UnitOfWork};

/// A subscription in the manager.
pub(super) struct Slot<C: CheckpointStore> {
    pub(super) core: Arc<Core>,
    checkpoints: Arc<C>,
    subscriber: Arc<dyn ErasedSubscriber<C::Unit>>,
    /// The manager's subscriptions, as long as there is the manager.
    slots: Weak<Slots<C>>,
    /// Whether it was taken out of the manager.
    is_out: AtomicBool,
    /// Held while the runner is started, stopped, or must not be running.
    task: tokio::sync::Mutex<Option<Task>>,
}

/// The subscriptions of a manager, by name.
pub(super) type Slots<C> = Mutex<BTreeMap<String, Arc<Slot<C>>>>;

/// What the handle can do, without knowing the checkpoint store.
#[async_trait]
pub(super) trait Operations: Send + Sync {
    async fn reset(&self) -> Result<(), ResetError>;

    /// The dead letters, dismissed ones included.
    async fn letters(&self) -> Result<Vec<DeadLetter>, CheckpointError>;
}

impl<C: CheckpointStore> Slot<C> {
    pub(super) fn new(
        core: Core,
        checkpoints: Arc<C>,
        subscriber: Arc<dyn ErasedSubscriber<C::Unit>>,
        slots: &Arc<Slots<C>>,
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

    /// Starts the runner, unless it runs, or was taken out of the manager.
    pub(super) async fn start(&self, runtime: &tokio::runtime::Handle) {
        let mut task = self.task.lock().await;
        if self.is_out.load(Ordering::SeqCst) {
            return;
        }
        if self.core.is_running() && !matches!(*self.core.control.borrow(), Control::Stop(_)) {
            return;
        }
        // One that has been told to stop, or has just told that it ended, is gone before the next one begins.
        let _ = join(&mut task).await;
        if self.core.in_memory.is_cut_off()
            && self.subscriber.begin_anew(&mut self.checkpoints.detached()).await.is_ok()
        {
            self.core.in_memory.begin_anew();
        }
        if self.core.in_memory.is_in_pieces() {
            self.core.progress.set_state(SubscriptionState::Stopped { reason: StopReason::StateUnknown });
            return;
        }
        self.core.find_end().await;
        self.core.control.send_replace(Control::Run);
        self.core.progress.set_state(SubscriptionState::CatchingUp);
        let runner = Runner::new(Arc::clone(&self.core), Arc::clone(&self.checkpoints), Arc::clone(&self.subscriber));
        *task = Some(runtime.spawn(runner.run()));
    }

    /// The subscription is being taken out of the manager: it is not started any more.
    pub(super) fn take_out(&self) {
        self.is_out.store(true, Ordering::SeqCst);
        self.tell_to_stop(StopReason::Unsubscribed);
    }

    /// Whether a subscription of the same name, which has replaced this one in the manager, runs.
    fn successor_runs(&self) -> bool {
        let Some(slots) = self.slots.upgrade() else { return false };
        let slots = slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.get(&self.core.name).is_some_and(|slot| slot.core.is_running())
    }

    /// Tells the runner to stop after the batch that it applies. A subscription that never ran is stopped as well.
    pub(super) fn tell_to_stop(&self, reason: StopReason) {
        self.core.control.send_replace(Control::Stop(reason));
    }

    /// Tells the runner to stop, and returns when it has.
    ///
    /// # Errors
    /// Where its last checkpoint was not saved.
    pub(super) async fn stop(&self, reason: StopReason) -> Result<(), ManagerError> {
        let mut task = self.task.lock().await;
        // Under the lock: a start that came before would otherwise be waited for, and nobody would stop it.
        if task.is_some() {
            self.tell_to_stop(reason);
        }
        join(&mut task)
            .await
            .map_err(|source| ManagerError::NotSaved { subscription: self.core.name.clone(), source: Box::new(source) })
    }
}

type Task = JoinHandle<Result<(), CommitError>>;

/// Returns when the runner has ended. Given up half-way, it leaves the runner to the next who asks.
async fn join(task: &mut Option<Task>) -> Result<(), CommitError> {
    let Some(running) = task else { return Ok(()) };
    let ended = running.await;
    *task = None;
    // A runner that did not end by itself ended with the runtime, and its state says so.
    ended.unwrap_or(Ok(()))
}

#[async_trait]
impl<C: CheckpointStore> Operations for Slot<C> {
    async fn letters(&self) -> Result<Vec<DeadLetter>, CheckpointError> {
        match self.core.kind {
            Kind::Memory => Ok(self.core.in_memory.letters()),
            _ => self.checkpoints.dead_letters(&self.core.name).await,
        }
    }

    async fn reset(&self) -> Result<(), ResetError> {
        // The lock keeps a start away until the reset is done.
        let mut task = self.task.lock().await;
        let subscription = self.core.name.clone();
        if self.core.is_running() || self.successor_runs() {
            return Err(ResetError::Running { subscription });
        }
        let _ = join(&mut task).await;
        let in_memory = self.core.kind == Kind::Memory;
        let mut unit = match self.core.kind {
            Kind::Transactional => match self.checkpoints.begin().await {
                Ok(unit) => unit,
                Err(source) => return Err(ResetError::Checkpoint { subscription, source }),
            },
            _ => self.checkpoints.detached(),
        };
        if in_memory {
            self.core.in_memory.fall_to_pieces();
        }
        if let Err(error) = self.subscriber.truncate(&mut unit).await {
            unit.rollback().await;
            return Err(if error.is_caused_by::<NoTruncateHook>() {
                self.core.in_memory.is_whole_again();
                ResetError::NoTruncateHook { subscription }
            } else {
                ResetError::Truncate { subscription, error }
            });
        }
        if in_memory {
            self.core.in_memory.reset();
        } else if let Err(source) = unit.clear(&self.core.name, None).await {
            return Err(ResetError::Commit { subscription, source });
        }
        self.core.progress.clear();
        tracing::info!(subscription, "reset: the read model is empty and the checkpoint cleared");
        Ok(())
    }
}
