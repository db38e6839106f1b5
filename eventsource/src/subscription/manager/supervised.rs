//! A subscription in the manager: starts and stops its runner, and resets it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::event::StreamId;
use crate::projection::{CheckpointError, CheckpointStore, CommitError, DeadLetter};
use crate::subscription::erased::ErasedSubscriber;
use crate::subscription::manager::launch::Launch;
use crate::subscription::observer::RequestAction;
use crate::subscription::requests::Request;
use crate::subscription::subscription_shared::{Control, SubscriptionShared};
use crate::subscription::{ManagerError, StopReason};

/// A subscription in the manager.
pub(super) struct SupervisedSubscription<C: CheckpointStore> {
    pub(super) core: Arc<SubscriptionShared>,
    pub(super) checkpoints: Arc<C>,
    pub(super) subscriber: Arc<dyn ErasedSubscriber<C::Unit>>,
    /// The subscriptions of the manager, while the manager exists.
    slots: Weak<SupervisedSubscriptions<C>>,
    /// Whether it was unsubscribed.
    is_out: AtomicBool,
    /// Locked while the runner is started or stopped, and during a reset.
    pub(super) task: tokio::sync::Mutex<Option<Task>>,
    /// Held while the pause is changed or obeyed.
    pub(super) steering: tokio::sync::Mutex<()>,
}

/// The subscriptions of a manager, by name.
pub(super) type SupervisedSubscriptions<C> = Mutex<BTreeMap<String, Arc<SupervisedSubscription<C>>>>;

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
            steering: tokio::sync::Mutex::new(()),
        }
    }

    /// Starts the runner, unless it runs or the subscription was unsubscribed.
    pub(super) async fn start(&self, runtime: &tokio::runtime::Handle) {
        self.start_with(runtime, None).await;
    }

    /// Starts the runner with a first request.
    pub(super) async fn start_with(&self, runtime: &tokio::runtime::Handle, request: Option<Request>) {
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
            let forgotten = self.forget_pause().await;
            let saved = self.stop(StopReason::Restarting).await;
            self.start(&within).await;
            self.core.tell_request(RequestAction::Restart, true);
            forgotten.and(saved)
        });
        restart.await.unwrap_or(Err(ManagerError::NoRuntime))
    }

    /// Returns the stored letter behind which `stream` is parked.
    pub(super) async fn stored_letter_of(&self, stream: &StreamId) -> Result<Option<DeadLetter>, CheckpointError> {
        Ok(self.checkpoints.parked(&self.core.name, std::slice::from_ref(stream)).await?.pop())
    }

    /// Drops the unfinished next generation.
    pub(super) async fn discard_next(&self) -> Result<(), CheckpointError> {
        match self.checkpoints.generations() {
            Some(generations) if !self.core.tables.is_empty() => {
                generations.discard(&self.core.name, &self.core.tables).await
            }
            _ => Ok(()),
        }
    }

    /// Never starts the subscription.
    pub(super) fn never_start(&self) {
        self.is_out.store(true, Ordering::SeqCst);
    }

    /// Stops the subscription and never starts it again.
    pub(super) fn take_out(&self) {
        self.is_out.store(true, Ordering::SeqCst);
        self.tell_to_stop(StopReason::Unsubscribed);
        self.core.progress.take_out();
    }

    /// Returns whether another subscription of this name, subscribed after this one was unsubscribed, runs.
    pub(super) fn successor_runs(&self) -> bool {
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
pub(super) async fn join(task: &mut Option<Task>) -> Result<(), CommitError> {
    let Some(running) = task else { return Ok(()) };
    let ended = running.await;
    *task = None;
    // The guard of a task that panicked or was aborted has reported that.
    ended.unwrap_or(Ok(()))
}
