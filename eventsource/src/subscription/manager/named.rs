//! The operations on one subscription, by its name.

use std::sync::Arc;

use super::SubscriptionManager;
use crate::projection::CheckpointStore;
use crate::subscription::manager::supervised::SupervisedSubscription;
use crate::subscription::{ManagerError, StopReason};

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// Starts the subscription `name`, also if it was faulted, refused or fenced twice. Does nothing if it runs, is
    /// paused or stands by.
    ///
    /// The other subscriptions do not change; [`start`](Self::start) starts them later.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`] if there is no such subscription; [`ManagerError::NoRuntime`] outside a tokio runtime.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::prelude::*;
    /// # #[derive(Clone, Default)] struct Orders;
    /// # impl Subscriber for Orders {
    /// #     const KIND: eventsource::ProjectionKind = eventsource::ProjectionKind::Memory;
    /// #     fn name(&self) -> std::borrow::Cow<'static, str> { "orders".into() }
    /// #     fn subscribed_to(&self) -> EventFilter { EventFilter::types(["OrderRefunded"]) }
    /// # }
    /// # impl<U: UnitOfWork> EventSubscriber<U> for Orders {
    /// #     async fn handle(&mut self, _: &std::sync::Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
    /// #         Ok(())
    /// #     }
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let manager =
    /// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// let orders = manager.subscribe(Orders, SubscriptionConfig::default()).await?;
    /// manager.start_one("orders").await?;
    /// orders.caught_up().await?;
    /// manager.stop_one("orders").await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn start_one(&self, name: &str) -> Result<(), ManagerError> {
        self.refuse_handlers("start it")?;
        let mut running = self.running.lock().await;
        let slot = self.slot(name)?;
        let running = self.listen(&mut running).await?;
        slot.start(&running.runtime).await;
        Ok(())
    }

    /// Stops the subscription `name` after its present batch, with its checkpoint saved. Does nothing if it does not
    /// run.
    ///
    /// The other subscriptions continue. [`start_one`](Self::start_one) and [`start`](Self::start) start it again where
    /// it stopped. It takes as long as for [`stop`](Self::stop).
    ///
    /// **Other processes are not stopped.** The subscription releases its lease, so a standby takes over, and applies
    /// the next events. To stop the work everywhere, call this in every process.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`] if there is no such subscription; [`ManagerError::InsideHandler`] in a handler of the
    /// subscription, which would wait for itself; [`ManagerError::NotSaved`] if the checkpoint could not be saved: the
    /// subscription has stopped nevertheless.
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
    /// manager.stop_one("orders").await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn stop_one(&self, name: &str) -> Result<(), ManagerError> {
        let slot = self.slot(name)?;
        slot.core.refuse_handler("stop it")?;
        slot.stop(StopReason::StoppedByName).await
    }

    /// Pauses the subscription `name` in this process, after its present batch or query. The delay of a
    /// retry and the delay between two attempts during an outage end at once.
    ///
    /// Returns when it is paused. If another caller resumes it before that, returns too, without an error. A paused
    /// owner keeps its lease, so no standby takes over. It holds no transaction, and no connection between two renewals
    /// of the lease.
    ///
    /// The pause is stored with the checkpoint: it outlives a restart, a crash and a takeover, until it is
    /// [resumed](Self::resume) in any process. On a standby this stores the pause and returns; the owner pauses within
    /// about a second. The pause of a memory projection is not stored: it runs in each process by itself.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`] if there is no such subscription; [`ManagerError::NotRunning`] if it does not run, or
    /// ends before it pauses; [`ManagerError::PauseNotStored`] if the checkpoint store fails;
    /// [`ManagerError::InsideHandler`] in a handler of the subscription, which would wait for itself.
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
    /// manager.pause("orders").await?;
    /// // … maintenance of the tables of its read model …
    /// manager.resume("orders").await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn pause(&self, name: &str) -> Result<(), ManagerError> {
        self.slot(name)?.pause_stored(None).await
    }

    /// Pauses the subscription `name` like [`pause`](Self::pause), with a reason.
    ///
    /// [`SubscriptionStatus::pause_reason`](crate::SubscriptionStatus::pause_reason) contains the reason until the
    /// subscription is resumed. For a paused subscription, this replaces the reason. It can be any text.
    ///
    /// # Errors
    /// Those of [`pause`](Self::pause).
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
    /// manager.pause_for("orders", "the table is being moved to another disk").await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn pause_for(&self, name: &str, reason: impl Into<String>) -> Result<(), ManagerError> {
        self.slot(name)?.pause_stored(Some(reason.into().into())).await
    }

    /// Resumes the paused subscription `name` where it paused. Does nothing if it is not paused. On a standby this removes
    /// the stored pause and returns; the owner resumes within about a second.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`] if there is no such subscription; [`ManagerError::NotRunning`] if it is not started or
    /// has ended; [`ManagerError::PauseNotStored`] if the checkpoint store fails.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let manager =
    /// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// manager.pause("orders").await?;
    /// manager.resume("orders").await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn resume(&self, name: &str) -> Result<(), ManagerError> {
        self.slot(name)?.resume_stored().await
    }

    /// Starts the subscription `name` again, in whatever state it is: faulted, refused, fenced twice, stopped, paused or
    /// running.
    ///
    /// A running subscription is stopped after its present batch first, with its checkpoint saved, and releases its lease.
    /// Waits that are under way go on. Returns when it has started. Automatic restarts are counted from zero again.
    ///
    /// If this future is dropped, the restart goes on.
    ///
    /// # Errors
    /// - [`ManagerError::Unknown`] if there is no such subscription.
    /// - [`ManagerError::NotRunning`] if it was unsubscribed meanwhile: it cannot start any more.
    /// - [`ManagerError::NotSaved`] if the last checkpoint could not be saved. The subscription has started again
    ///   nevertheless.
    /// - [`ManagerError::InsideHandler`] in a handler of the manager, which could wait for itself.
    /// - [`ManagerError::NoRuntime`] outside a tokio runtime.
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
    /// // … the table that was missing has been created …
    /// manager.restart("orders").await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn restart(&self, name: &str) -> Result<(), ManagerError> {
        self.refuse_handlers("restart it")?;
        let slot = self.slot(name)?;
        let runtime = self.listen(&mut *self.running.lock().await).await?.runtime.clone();
        slot.restart_in(&runtime).await
    }

    pub(super) fn slot(&self, name: &str) -> Result<Arc<SupervisedSubscription<C>>, ManagerError> {
        let slots = self.slots();
        slots.get(name).cloned().ok_or_else(|| ManagerError::Unknown {
            subscription: name.to_owned(),
            known: slots.keys().cloned().collect(),
        })
    }
}
