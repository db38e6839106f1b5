//! A subscription in the manager: what all its parts know of it, and the task that runs it.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::config::SubscriptionConfig;
use super::progress::{Progress, Snapshot};
use super::runner::Runner;
use super::shared::ErasedSubscriber;
use super::status::{Lag, SubscriptionStatus};
use super::{ManagerError, ResetError, StopReason, SubscriptionState};
use crate::event::{EventFilter, Position};
use crate::projection::{CheckpointStore, CommitError, Kind, NoTruncateHook, UnitOfWork};
use crate::store::{EventStore, WakeUps};

/// What every part of a subscription knows of it.
pub(super) struct Core {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) filter: EventFilter,
    pub(super) fingerprint: String,
    pub(super) config: SubscriptionConfig,
    pub(super) store: Arc<dyn EventStore>,
    pub(super) bus_wake_ups: Arc<WakeUps>,
    pub(super) progress: Progress,
    pub(super) control: watch::Sender<Control>,
    /// The checkpoint of a memory projection: it lives as long as the state.
    pub(super) in_memory: Mutex<Option<Position>>,
}

/// What the runner is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    Run,
    Pause,
    Stop(StopReason),
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Core {
    pub(super) fn in_memory(&self) -> std::sync::MutexGuard<'_, Option<Position>> {
        self.in_memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what the runner is told from `from` to `to`. Told to stop, it stops.
    pub(super) fn tell(&self, from: Control, to: Control) -> Result<(), ManagerError> {
        let state = self.progress.snapshot().state;
        if !state.is_running() {
            return Err(ManagerError::NotRunning { subscription: self.name.clone(), state });
        }
        self.control.send_if_modified(|control| {
            let change = *control == from;
            if change {
                *control = to;
            }
            change
        });
        Ok(())
    }

    /// A subscription that was never started has no runner to say that it ended.
    pub(super) fn end_if_idle(&self, reason: StopReason) {
        if matches!(self.progress.snapshot().state, SubscriptionState::Idle) {
            self.progress.set_state(SubscriptionState::Stopped { reason });
        }
    }

    pub(super) async fn status(&self) -> SubscriptionStatus {
        let Snapshot { state, position, handled, last_error } = self.progress.snapshot();
        let lag = self.store.backlog(position.unwrap_or(Position::START)).await;
        SubscriptionStatus {
            name: self.name.clone(),
            state,
            position,
            events_handled: handled,
            last_error,
            guarantee: self.kind.guarantee(),
            lag: lag.map(Lag::of).map_err(Arc::new),
        }
    }
}

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
