//! What a handle tells its subscription to do.

use std::sync::Arc;

use super::SubscriptionHandle;
use crate::subscription::ManagerError;

impl<P> SubscriptionHandle<P> {
    /// Pauses the subscription after its present batch.
    ///
    /// Returns when it is paused, or when it was resumed in between. A paused subscription keeps its lease, so no
    /// standby takes over.
    ///
    /// # Errors
    /// [`ManagerError::NotRunning`] if it does not run, or ends before it pauses; [`ManagerError::InsideHandler`] in a
    /// handler of the subscription, which would wait for itself.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// orders.pause().await?;
    /// // … maintenance of the tables of its read model …
    /// orders.resume().await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn pause(&self) -> Result<(), ManagerError> {
        self.slot.pause(None).await
    }

    /// Pauses the subscription like [`pause`](Self::pause), with a reason for operators:
    /// [`SubscriptionSnapshot::pause_reason`](crate::subscription::SubscriptionSnapshot::pause_reason).
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
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// orders.pause_for("the table is being moved to another disk").await?;
    /// assert!(orders.snapshot().pause_reason.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn pause_for(&self, reason: impl Into<String>) -> Result<(), ManagerError> {
        self.slot.pause(Some(reason.into().into())).await
    }

    /// Resumes the paused subscription where it paused. Does nothing if it is not paused.
    ///
    /// # Errors
    /// [`ManagerError::NotRunning`] if it is not started or has ended.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// orders.pause().await?;
    /// orders.resume().await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn resume(&self) -> Result<(), ManagerError> {
        self.slot.resume().await
    }

    /// Starts the subscription again, in whatever state it is: see
    /// [`SubscriptionManager::restart`](crate::SubscriptionManager::restart).
    ///
    /// It starts in the tokio runtime of this call. If its manager is not started, it is not woken by the notifier, and
    /// polls the log.
    ///
    /// # Errors
    /// [`ManagerError::NotRunning`] if it was unsubscribed or its manager was dropped: it cannot start any more.
    /// Otherwise those of [`SubscriptionManager::restart`](crate::SubscriptionManager::restart), except `Unknown`.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// // … the table that was missing has been created …
    /// orders.restart().await?;
    /// orders.caught_up().await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn restart(&self) -> Result<(), ManagerError> {
        Arc::clone(&self.slot).restart().await
    }
}
