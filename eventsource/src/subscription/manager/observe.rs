//! What the manager tells about its subscriptions.

use std::sync::{Arc, PoisonError};

use super::SubscriptionManager;
use crate::projection::CheckpointStore;
use crate::subscription::handle::subscription_control::SubscriptionControl as _;
use crate::subscription::status::sampled::Sampler;
use crate::subscription::subscription_shared::SubscriptionShared;
use crate::subscription::{Health, HealthLimits, ManagerError, StateChanges, SubscriptionSnapshot, SubscriptionStatus};

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// Returns the health of this process, from what its subscriptions know: for the liveness and readiness probes of
    /// an orchestrator.
    ///
    /// Asks no store, so a probe is cheap and never hangs. [`Health::age`] says how old the knowledge is: an idle
    /// subscription reads the log at least once in its [`poll_interval`](crate::SubscriptionConfig::poll_interval), a
    /// standby four times in its [`lease`](crate::SubscriptionConfig::lease). The lag in events is the difference of
    /// two positions, gaps included.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use eventsource::prelude::*;
    /// use eventsource::subscription::HealthLimits;
    ///
    /// let manager =
    ///     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// manager.start().await?;
    /// let health = manager.health(HealthLimits::default());
    /// assert!(health.live && health.ready);
    /// for reason in &health.reasons {
    ///     println!("{reason}");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn health(&self, limits: HealthLimits) -> Health {
        Health::of(&self.cores(), limits)
    }

    /// Returns what this process knows about each subscription, ordered by name. Asks no store and waits for nothing.
    ///
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// for snapshot in manager.snapshots() {
    ///     println!("{}: {} since {}", snapshot.name, snapshot.state, snapshot.state_since);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn snapshots(&self) -> Vec<SubscriptionSnapshot> {
        self.cores().iter().map(|core| SubscriptionSnapshot::of(core)).collect()
    }

    /// Returns what this process knows about the subscription `name`: see [`snapshots`](Self::snapshots).
    ///
    /// # Errors
    /// [`ManagerError::Unknown`] if there is no such subscription.
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
    /// println!("{}", manager.snapshot("orders")?.state);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn snapshot(&self, name: &str) -> Result<SubscriptionSnapshot, ManagerError> {
        Ok(SubscriptionSnapshot::of(&self.slot(name)?.core))
    }

    /// Returns a stream of the changes of the states of all subscriptions, also of later ones. It begins with the present
    /// states.
    ///
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// let mut changes = manager.watch();
    /// while let Some(now) = changes.next().await {
    ///     println!("{} is {}", now.name, now.state);
    ///     if now.state.name() == "live" {
    ///         break;
    ///     }
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn watch(&self) -> StateChanges {
        StateChanges::of_all(&self.bell, self.listing())
    }

    /// Returns what takes samples of the subscriptions, for gauges. It does not keep the manager alive: see [`Sampler`]
    /// for an example.
    #[must_use]
    pub fn sampler(&self) -> Sampler<C> {
        Sampler::new(&self.store, &self.log, &self.checkpoints, &self.bell, self.listing())
    }

    /// Returns what lists the subscriptions while the manager exists, the later ones too.
    fn listing(&self) -> impl Fn() -> Vec<Arc<SubscriptionShared>> + Send + Sync + use<C> {
        let slots = Arc::downgrade(&self.slots);
        move || {
            let Some(slots) = slots.upgrade() else { return Vec::new() };
            let slots = slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.values().map(|slot| Arc::clone(&slot.core)).collect()
        }
    }

    /// Asks the stores for the status of every subscription, ordered by name.
    ///
    /// Asks the stores a handful of queries, and one more for each running rebuild, and waits 3 s for them at most.
    /// Without an answer, a field is an error ([`lag`](SubscriptionStatus::lag),
    /// [`unknown_types`](SubscriptionStatus::unknown_types), [`stalled_by`](SubscriptionStatus::stalled_by), and on a
    /// standby [`dead_letters`](SubscriptionStatus::dead_letters) and [`events_held`](SubscriptionStatus::events_held)),
    /// and the position of a standby is the one that this process read last. The other fields need no store.
    ///
    /// ```
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let manager =
    /// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// for status in manager.inspect_all().await {
    ///     println!("{}: {}", status.name, status.state);
    /// }
    /// # });
    /// ```
    pub async fn inspect_all(&self) -> Vec<SubscriptionStatus> {
        crate::subscription::status::inspect::inspect_all(&*self.checkpoints, &self.cores()).await
    }

    /// Asks the stores for the status of the subscription `name`: see [`inspect_all`](Self::inspect_all).
    ///
    /// # Errors
    /// [`ManagerError::Unknown`] if there is no such subscription.
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
    /// let status = manager.inspect("orders").await?;
    /// println!("{}", status.state);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn inspect(&self, name: &str) -> Result<SubscriptionStatus, ManagerError> {
        Ok(self.slot(name)?.inspect().await)
    }
}
