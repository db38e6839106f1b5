//! The bank at work: the policy and the projections, on any store.

use std::error::Error;
use std::sync::Arc;

use eventsource::engine::ProjectionStateStore;
use eventsource::prelude::*;

use crate::balances::Balances;
use crate::bank::Bank;
use crate::largest::{self, LargestEngine};
use crate::policy::TransferPolicy;
use crate::statements::{AccountRow, StatementLine, Statements};
use crate::transfers::{TransferRow, Transfers};

pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The read models of a branch, to be read at any time.
#[derive(Debug, Clone)]
pub struct Rows {
    pub accounts: ReadRepository<AccountRow>,
    pub lines: ReadRepository<StatementLine>,
    pub transfers: ReadRepository<TransferRow>,
}

/// A bank whose policy and projections run.
pub struct Branch<C: CheckpointStore> {
    pub bank: Bank,
    pub rows: Rows,
    pub balances: SubscriptionHandle<Balances>,
    pub largest: SubscriptionHandle<LargestEngine>,
    pub store: Arc<dyn EventStore>,
    statements: SubscriptionHandle<Statements>,
    transfers: SubscriptionHandle<Transfers>,
    policy: SubscriptionHandle<TransferPolicy>,
    manager: SubscriptionManager<C>,
}

impl<C: CheckpointStore> Branch<C>
where
    Statements: EventSubscriber<C::Unit>,
    Transfers: EventSubscriber<C::Unit>,
{
    /// Subscribes the policy and the projections, and starts them. `config` is for those whose checkpoints are stored.
    pub async fn start<S: EventStore + Clone>(
        store: S,
        checkpoints: C,
        states: impl ProjectionStateStore,
        rows: Rows,
        config: SubscriptionConfig,
    ) -> Result<Self> {
        let bus = MemoryEventBus::new();
        let bank = Bank::new(store.clone(), bus.clone());
        let manager = SubscriptionManager::new(store.clone(), bus, checkpoints);
        let in_memory = SubscriptionConfig::from_beginning;
        let policy = TransferPolicy::new(bank.clone());
        let branch = Self {
            balances: manager.subscribe(Balances::default(), in_memory()).await?,
            largest: manager.subscribe(largest::engine(states), in_memory()).await?,
            statements: manager.subscribe(Statements, config.clone()).await?,
            transfers: manager.subscribe(Transfers, config.clone()).await?,
            policy: manager.subscribe(policy, TransferPolicy::config(config)).await?,
            store: Arc::new(store),
            bank,
            rows,
            manager,
        };
        branch.manager.start().await?;
        Ok(branch)
    }

    /// Waits until every transfer that was requested has ended, and the projections have seen it.
    pub async fn settled(&self) -> Result<()> {
        // Each step of the policy appends an event, until there is nothing more to do.
        let mut head = self.store.head().await?;
        loop {
            self.policy.wait_for(head).await?;
            let now = self.store.head().await?;
            if now == head {
                break;
            }
            head = now;
        }
        self.balances.wait_for(head).await?;
        self.largest.wait_for(head).await?;
        self.statements.wait_for(head).await?;
        self.transfers.wait_for(head).await?;
        Ok(())
    }

    pub async fn stop(&self) -> Result<()> {
        self.manager.stop().await?;
        Ok(())
    }
}
