//! What a handle tells about its subscription.

use super::SubscriptionHandle;
use crate::subscription::{StateChanges, SubscriptionSnapshot, SubscriptionStatus};

impl<P> SubscriptionHandle<P> {
    /// Returns what this process knows about the subscription: its state and the reason, position, rate, dead letters
    /// and last failure.
    ///
    /// Asks no store and waits for nothing. [`inspect`](Self::inspect) asks the stores.
    ///
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// orders.caught_up().await?;
    /// let snapshot = orders.snapshot();
    /// assert_eq!(snapshot.state.name(), "live");
    /// println!("{:.0} events a second", snapshot.events_per_second);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn snapshot(&self) -> SubscriptionSnapshot {
        SubscriptionSnapshot::of(&self.core)
    }

    /// Returns a stream of the changes of the state, which begins with the present state.
    ///
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// let mut changes = orders.watch();
    /// while let Some(now) = changes.next().await {
    ///     println!("{}: {}", now.state_since, now.state);
    ///     if now.state.name() == "live" {
    ///         break;
    ///     }
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn watch(&self) -> StateChanges {
        StateChanges::of(&self.core)
    }

    /// Asks the stores for the status of the subscription: its state and the reason, position, lag and dead letters.
    ///
    /// Asks the stores, for 3 s at most; [`inspect_all`](crate::SubscriptionManager::inspect_all) says what a field contains
    /// if they do not answer. On a standby, the position, the lag and the dead letters are those that the owner has
    /// stored.
    ///
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// let status = orders.inspect().await;
    /// println!("{}: {}", status.name, status.state);
    /// if let Ok(lag) = status.lag {
    ///     println!("{lag} behind");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn inspect(&self) -> SubscriptionStatus {
        self.slot.inspect().await
    }
}
