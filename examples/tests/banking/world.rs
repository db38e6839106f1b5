//! The stores of a bank in memory, and the processes that live on them one after the other.

use std::time::Duration;

use eventsource::engine::MemoryProjectionStates;
use eventsource::prelude::*;
use tokio::runtime::Builder;
use tokio::time::advance;

use crate::branch::{Branch, Result, Rows};
use crate::statements::Statements;
use crate::transfers::Transfers;

/// How long a process lives at most, by a clock that is not waited for.
pub const LIFE: Duration = Duration::from_secs(30);

/// The lease of the checkpoints: the next process takes over after it.
const LEASE: Duration = Duration::from_secs(1);

/// The stores, which outlive the processes.
pub struct World {
    pub store: MemoryEventStore,
    pub checkpoints: MemoryCheckpoints,
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

    pub async fn start<C: CheckpointStore>(&self, store: impl EventStore + Clone, checkpoints: C) -> Result<Branch<C>>
    where
        Statements: EventSubscriber<C::Unit>,
        Transfers: EventSubscriber<C::Unit>,
    {
        let config = SubscriptionConfig::default().lease(LEASE)?;
        Branch::start(store, checkpoints, MemoryProjectionStates::new(), self.rows.clone(), config).await
    }
}
