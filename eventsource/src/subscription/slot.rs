//! A subscription in the manager: the task that runs it, and its reset.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::task::JoinHandle;

use super::core::{Control, Core};
use super::runner::Runner;
use super::shared::ErasedSubscriber;
use super::{ManagerError, ResetError, StopReason, SubscriptionState};
use crate::projection::{CheckpointStore, CommitError, Kind, NoTruncateHook, UnitOfWork};

/// A subscription in the manager.
pub(super) struct Slot<C: CheckpointStore> {
    pub(super) core: Arc<Core>,
    checkpoints: Arc<C>,
    subscriber: Arc<dyn ErasedSubscriber<C::Unit>>,
    /// Held while the runner is started, stopped, or must not be running.
    task: tokio::sync::Mutex<Option<JoinHandle<Result<(), CommitError>>>>,
}

/// What the handle can do, without knowing the checkpoint store.
#[async_trait]
pub(super) trait Resettable: Send + Sync {
    async fn reset(&self) -> Result<(), ResetError>;
}

impl<C: CheckpointStore> Slot<C> {
    pub(super) fn new(core: Core, checkpoints: Arc<C>, subscriber: Arc<dyn ErasedSubscriber<C::Unit>>) -> Self {
        Self { core: Arc::new(core), checkpoints, subscriber, task: tokio::sync::Mutex::new(None) }
    }

    /// Starts the runner, unless it runs.
    pub(super) async fn start(&self, runtime: &tokio::runtime::Handle) {
        let mut task = self.task.lock().await;
        if task.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        self.core.control.send_replace(Control::Run);
        self.core.progress.set_state(SubscriptionState::CatchingUp);
        let runner = Runner::new(Arc::clone(&self.core), Arc::clone(&self.checkpoints), Arc::clone(&self.subscriber));
        *task = Some(runtime.spawn(runner.run()));
    }

    /// Tells the runner to stop after the batch that it applies. A subscription that never ran is stopped as well.
    pub(super) fn tell_to_stop(&self, reason: StopReason) {
        self.core.control.send_replace(Control::Stop(reason));
    }

    /// Returns when the runner has stopped.
    ///
    /// # Errors
    /// Where its last checkpoint was not saved.
    pub(super) async fn stopped(&self) -> Result<(), ManagerError> {
        let mut task = self.task.lock().await;
        let Some(task) = task.take() else { return Ok(()) };
        match task.await {
            Ok(Err(source)) => {
                Err(ManagerError::NotSaved { subscription: self.core.name.clone(), source: Box::new(source) })
            }
            // A runner that did not end by itself ended with the runtime, and its state says so.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }
}

#[async_trait]
impl<C: CheckpointStore> Resettable for Slot<C> {
    async fn reset(&self) -> Result<(), ResetError> {
        // The lock keeps a start away until the reset is done.
        let task = self.task.lock().await;
        let subscription = self.core.name.clone();
        if task.as_ref().is_some_and(|task| !task.is_finished()) {
            return Err(ResetError::Running { subscription });
        }
        let mut unit = match self.core.kind {
            Kind::Transactional => match self.checkpoints.begin().await {
                Ok(unit) => unit,
                Err(source) => return Err(ResetError::Checkpoint { subscription, source }),
            },
            _ => self.checkpoints.detached(),
        };
        if let Err(error) = self.subscriber.truncate(&mut unit).await {
            unit.rollback().await;
            return Err(if error.is_caused_by::<NoTruncateHook>() {
                ResetError::NoTruncateHook { subscription }
            } else {
                ResetError::Truncate { subscription, error }
            });
        }
        if self.core.kind == Kind::Memory {
            *self.core.in_memory() = None;
        } else if let Err(source) = unit.clear(&self.core.name).await {
            return Err(ResetError::Commit { subscription, source });
        }
        self.core.progress.clear();
        tracing::info!(subscription, "reset: the read model is empty and the checkpoint cleared");
        Ok(())
    }
}
