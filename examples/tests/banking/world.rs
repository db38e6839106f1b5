//! The stores of a bank in memory, and the processes that live on them one after the other.

use std::time::Duration;

use eventsource::engine::MemoryProjectionStates;
use eventsource::prelude::*;
use eventsource::testing::faults::Faults;
use tokio::runtime::Builder;
use tokio::time::advance;

use crate::branch::{Branch, Result, Rows};
use crate::life::{self, LEASE};
use crate::plan::{Answers, Plan};

/// How long a process lives at most, by a clock that is not waited for.
pub const LIFE: Duration = Duration::from_secs(30);

/// The stores, which outlive the processes.
pub struct World {
    pub store: MemoryEventStore,
    checkpoints: MemoryCheckpoints,
    rows: Rows,
    age: Duration,
}

impl World {
    pub fn new() -> Self {
        let checkpoints = MemoryCheckpoints::new();
        let models = MemoryReadModels::new(&checkpoints);
        let rows = Rows { accounts: models.repository(), lines: models.repository(), transfers: models.repository() };
        Self { store: MemoryEventStore::new(), checkpoints, rows, age: Duration::ZERO }
    }

    /// One process: a runtime, whose tasks end with it wherever they are.
    pub fn life<T>(&mut self, life: impl AsyncFnOnce(&Self) -> T) -> T {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let lived = runtime.block_on(async {
            // Each runtime has a clock of its own, which begins at the real time: leases need the one before it.
            advance(self.age).await;
            life(self).await
        });
        self.age += LIFE + LEASE;
        lived
    }

    /// The policy, the projections and the plan, on these stores, in which goes wrong what `faults` say.
    pub async fn live(&self, plan: Plan, faults: &Faults) -> Result<Answers> {
        let states = MemoryProjectionStates::new();
        life::live(self.store.clone(), self.checkpoints.clone(), states, self.rows.clone(), plan, faults).await
    }

    pub async fn start(&self, store: MemoryEventStore) -> Result<Branch<MemoryCheckpoints>> {
        let config = SubscriptionConfig::default().lease(LEASE);
        let states = MemoryProjectionStates::new();
        Branch::start(store, self.checkpoints.clone(), states, self.rows.clone(), config).await
    }
}
