//! The life of one process: it begins with the stores as the one before has left them, and may crash anywhere.

use std::time::Duration;

use eventsource::engine::ProjectionStateStore;
use eventsource::prelude::*;
use eventsource::testing::faults::{Fault, Faults, FaultyCheckpoints, FaultyEventStore, Point};

use crate::audit::audit;
use crate::bank::Bank;
use crate::branch::{Branch, Result, Rows};
use crate::plan::{Answers, Plan};
use crate::statements::Statements;
use crate::transfers::Transfers;

/// The lease of the checkpoints: the next process takes over after it.
pub const LEASE: Duration = Duration::from_millis(500);

/// Longer than any life: a call that is answered so late is one during which the process dies.
const NEVER: Duration = Duration::from_secs(86_400);

/// A crash in one of the calls, from a seed: before the call is done, or after it and before its answer is there.
pub fn crashes(seed: u64) -> Faults {
    Faults::seeded(seed)
        .often(Point::Append, Fault::DelayAnswer(NEVER), 0.02)
        .often(Point::Append, Fault::Delay(NEVER), 0.02)
        .often(Point::ReadStream, Fault::Delay(NEVER), 0.01)
        .often(Point::Commit, Fault::Delay(NEVER), 0.02)
        .often(Point::Commit, Fault::DelayAnswer(NEVER), 0.02)
}

/// Starts a bank on these stores, executes the plan, waits until all transfers have ended, and audits.
pub async fn live<S: EventStore + Clone, C: CheckpointStore>(
    store: S,
    checkpoints: C,
    states: impl ProjectionStateStore,
    rows: Rows,
    plan: Plan,
    faults: &Faults,
) -> Result<Answers>
where
    Statements: EventSubscriber<<FaultyCheckpoints<C> as CheckpointStore>::Unit>,
    Transfers: EventSubscriber<<FaultyCheckpoints<C> as CheckpointStore>::Unit>,
{
    let store = FaultyEventStore::new(store, faults);
    let checkpoints = FaultyCheckpoints::new(checkpoints, faults);
    let config = SubscriptionConfig::default().lease(LEASE);
    let branch = Branch::start(store.clone(), checkpoints, states, rows, config).await?;
    let answers = plan.run(&Bank::new(store, MemoryEventBus::new())).await?;
    branch.settled().await?;
    let found = audit(&branch).await?;
    branch.stop().await?;
    if found.faults.is_empty() { Ok(answers) } else { Err(found.faults.join("\n").into()) }
}
