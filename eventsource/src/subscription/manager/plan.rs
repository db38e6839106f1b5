//! Plans: what the subscriptions of a manager would do to the database.

use std::sync::Arc;

use super::SubscriptionManager;
use crate::projection::CheckpointStore;
use crate::subscription::plan::{Estimates, Plan, PlanError, Planner};

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// Lets the manager only plan. It takes projections without looking at their checkpoints, so it never refuses one
    /// because of what is stored, and changes nothing in the database. It runs nothing:
    /// [`start`](Self::start) fails with [`ManagerError::OnlyPlans`](crate::subscription::ManagerError::OnlyPlans). Call it
    /// before the first projection is subscribed. See [`plan`](crate::subscription::plan) for an example.
    #[must_use]
    pub const fn planning(mut self) -> Self {
        self.only_plans = true;
        self
    }

    /// Returns what the subscriptions of this manager would do to the database if they were started: which are new,
    /// continue, are rebuilt or are refused. Changes nothing.
    ///
    /// It compares [fingerprints](crate::projection::fingerprint()). A handler whose code has changed has the same
    /// fingerprint. A rebuild in place is planned also if the projection has no truncate hook, which is found when the
    /// rebuild begins.
    ///
    /// # Errors
    /// [`PlanError`] if the database does not answer: repeat it.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let manager =
    /// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new()).planning();
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// use eventsource::subscription::plan::Estimates;
    ///
    /// for planned in manager.plan(Estimates::Sampled).await?.subscriptions {
    ///     println!("{}: {}", planned.name, planned.action.name());
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn plan(&self, estimates: Estimates) -> Result<Plan, PlanError> {
        self.planner().plan(estimates).await
    }

    fn planner(&self) -> Planner<C> {
        Planner {
            store: Arc::clone(&self.store),
            checkpoints: Arc::clone(&self.checkpoints),
            catalogue: Arc::clone(&self.catalogue),
            cores: self.cores(),
        }
    }
}
