//! Stops the subscriptions.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::SubscriptionManager;
use super::service::report_stopped;
use crate::projection::CheckpointStore;
use crate::subscription::{ManagerError, StopReason};

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// Stops every subscription after its present batch, with its checkpoint saved ([clean
    /// stop](crate::guarantees#clean-stop)).
    ///
    /// Returns when all have stopped. A retry delay, an outage, a pause and a standby end at once. A batch that is
    /// being applied is finished first, with all its handlers, and each of them can take
    /// [`handler_timeout`](crate::subscription::SubscriptionConfig::handler_timeout). So this has no useful time limit of its own:
    /// use [`stop_within`](Self::stop_within) if the process is killed after some time. [`start`](Self::start)
    /// continues where the subscriptions stopped.
    ///
    /// Each subscription releases its lease, so a standby in another process takes over.
    ///
    /// # Errors
    /// - [`ManagerError::NotSaved`] if a checkpoint could not be saved. All subscriptions have stopped. The next start
    ///   continues from the checkpoint before: only an effects projection may handle some events again.
    /// - [`ManagerError::InsideHandler`] in a handler, which would wait for itself. No subscription has stopped.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let manager =
    /// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// orders.caught_up().await?;
    /// manager.stop().await?;
    /// assert!(!orders.inspect().await.state.is_running());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn stop(&self) -> Result<(), ManagerError> {
        let slots = self.all();
        for slot in &slots {
            slot.core.refuse_handler("stop")?;
        }
        // The lock is not held while the runners end: their handlers may call the manager.
        let was_running = self.running.lock().await.take().is_some();
        for slot in &slots {
            slot.tell_to_stop(StopReason::ManagerStopped);
        }
        let mut saved = Ok(());
        for slot in &slots {
            saved = saved.and(slot.stop(StopReason::ManagerStopped).await);
        }
        if was_running {
            report_stopped(&*self.checkpoints, &self.owner, &slots).await;
        }
        saved
    }

    /// Stops the subscription `name` and removes it from the manager. A standby in another process takes over.
    ///
    /// Its checkpoint, its dead letters and the ownership of its tables stay in the store, so a later subscription with
    /// this name continues from there. The name is free at once. Handles that exist report the state `Stopped`, and can
    /// still [`reset`](crate::subscription::SubscriptionHandle::reset) the subscription.
    ///
    /// To remove a projection for ever, stop it in every process, [`reset`](crate::subscription::SubscriptionHandle::reset) it and
    /// unsubscribe it: that removes its checkpoint, its letters and its rows. Then drop its empty tables by SQL.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`] if there is no such subscription; [`ManagerError::InsideHandler`] in a handler of the
    /// subscription, which would wait for itself; [`ManagerError::NotSaved`] if the checkpoint could not be saved: the
    /// subscription is removed nevertheless.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// manager.unsubscribe("orders").await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn unsubscribe(&self, name: &str) -> Result<(), ManagerError> {
        let slot = self.slot(name)?;
        slot.core.refuse_handler("unsubscribe it")?;
        slot.take_out();
        let saved = slot.stop(StopReason::Unsubscribed).await;
        slot.core.end_if_idle(StopReason::Unsubscribed);
        let mut slots = self.slots();
        if slots.get(name).is_some_and(|own| Arc::ptr_eq(own, &slot)) {
            slots.remove(name);
        }
        saved
    }

    /// Starts every subscription, awaits `until`, then stops every subscription like [`stop`](Self::stop). Returns the
    /// output of `until`.
    ///
    /// The subscriptions run while `until` runs: a web server as `until` answers its last requests before the
    /// projections stop. See `shutdown_signal` for such a program (feature `signals`). A subscription that faults does
    /// not end it: see [`health`](Self::health). The stop has no deadline, and a second signal does not cut it off.
    ///
    /// If this future is dropped, the subscriptions continue to run.
    ///
    /// # Errors
    /// Those of [`start`](Self::start) and [`stop`](Self::stop). If `start` fails, `until` is not awaited. If `stop`
    /// fails, the output of `until` is lost.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let manager =
    /// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// let answered = manager.run_until(async { 3 }).await?;
    /// assert_eq!(answered, 3);
    /// # Ok::<(), eventsource::subscription::ManagerError>(())
    /// # }).unwrap();
    /// ```
    pub async fn run_until<F: Future>(&self, until: F) -> Result<F::Output, ManagerError> {
        self.start().await?;
        let output = until.await;
        self.stop().await?;
        Ok(output)
    }

    /// Stops every subscription like [`stop`](Self::stop), and cuts off the ones that have not stopped within
    /// `deadline`.
    ///
    /// A subscription that is cut off loses its present batch, and the next start applies these events again:
    /// - Transactional: the transaction is rolled back, so nothing is applied twice.
    /// - Memory and durable memory: the state is restored or replayed, so nothing is applied twice. If it cannot be
    ///   emptied, the subscription does not start again ([`StopReason::StateUnknown`]).
    /// - Effects: the effects of the batch happen again.
    ///
    /// It does not release its lease: a standby takes over when the lease expires. A handler that blocks its thread
    /// cannot be cut off; this returns half a second later nevertheless. A deadline of zero cuts off every subscription
    /// that does not stop at once. In Kubernetes, choose some seconds less than `terminationGracePeriodSeconds`, which
    /// is 30 s by default.
    ///
    /// # Errors
    /// [`ManagerError::Deadline`] with the names of the subscriptions that were cut off; otherwise those of
    /// [`stop`](Self::stop).
    ///
    /// # Examples
    /// ```
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let manager =
    /// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # manager.start().await?;
    /// use std::time::Duration;
    ///
    /// manager.stop_within(Duration::from_secs(10)).await?;
    /// # Ok::<(), eventsource::subscription::ManagerError>(())
    /// # }).unwrap();
    /// ```
    pub async fn stop_within(&self, deadline: Duration) -> Result<(), ManagerError> {
        if let Ok(stopped) = tokio::time::timeout(deadline, self.stop()).await {
            return stopped;
        }
        let cut_off = self.cut_off().await;
        if cut_off.is_empty() {
            return Ok(());
        }
        Err(ManagerError::Deadline { deadline, subscriptions: cut_off })
    }

    /// Aborts the subscriptions that have not stopped, and returns their names.
    pub(super) async fn cut_off(&self) -> Vec<String> {
        let mut cut_off = Vec::new();
        for slot in self.all() {
            if slot.cut_off().await {
                cut_off.push(slot.core.name.clone());
            }
        }
        cut_off
    }
}
