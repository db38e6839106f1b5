//! Random transfers with crashes at random points: the total never changes, and no transfer stays half done.

use std::time::Duration;

use eventsource::fold::project;
use eventsource::prelude::*;
use eventsource::testing::faults::{Fault, Faults, FaultyCheckpoints, FaultyEventStore, Point};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use tokio::time::timeout;

use crate::audit::audit;
use crate::balances::Balances;
use crate::bank::Bank;
use crate::branch::Result;
use crate::ledger::Ledger;
use crate::plan::{Answers, Plan};
use crate::world::{LIFE, World};

/// Longer than any life: a call that is answered so late is one during which the process dies.
const NEVER: Duration = Duration::from_secs(86_400);

/// A process that crashes in one of its calls: before the call is done, or after it and before its answer is there.
fn crashing_life(world: &mut World, plan: Plan, seed: u64) {
    let faults = Faults::seeded(seed)
        .often(Point::Append, Fault::DelayAnswer(NEVER), 0.02)
        .often(Point::Append, Fault::Delay(NEVER), 0.02)
        .often(Point::ReadStream, Fault::Delay(NEVER), 0.01)
        .often(Point::Commit, Fault::Delay(NEVER), 0.02)
        .often(Point::Commit, Fault::DelayAnswer(NEVER), 0.02);
    // The process dies with all that it does: its runtime is dropped.
    let _ = world.life(async |world| timeout(LIFE, live(world, plan, &faults)).await);
}

async fn live(world: &World, plan: Plan, faults: &Faults) -> Result<Answers> {
    let store = FaultyEventStore::new(world.store.clone(), faults);
    let checkpoints = FaultyCheckpoints::new(world.checkpoints.clone(), faults);
    let branch = world.start(store.clone(), checkpoints).await?;
    let answers = plan.run(&Bank::new(store, MemoryEventBus::new())).await?;
    branch.settled().await?;
    let found = audit(&branch).await?;
    branch.stop().await?;
    if found.faults.is_empty() { Ok(answers) } else { Err(found.faults.join("\n").into()) }
}

/// Checks the total at every position of the log.
async fn check_every_position(store: &MemoryEventStore) -> TestCaseResult {
    let head = store.head().await.unwrap().value();
    for position in (0..=head).map(Position::new) {
        let ledger = project::<Ledger>(store).until(position).run().await.unwrap().state;
        let balances = project::<Balances>(store).until(position).run().await.unwrap().state;
        let total = ledger.check_total(&balances);
        prop_assert!(ledger.faults.is_empty(), "at position {}: {:?}", position, ledger.faults);
        prop_assert!(total.is_ok(), "at position {}: {:?}", position, total);
    }
    Ok(())
}

fn crashes_lose_no_money(seed: u64, crashes: &[u64]) -> TestCaseResult {
    let plan = Plan { seed, operations: 30 };
    let mut world = World::new();
    for seed in crashes {
        crashing_life(&mut world, plan, *seed);
    }
    world.life(async |world| {
        let answers = timeout(LIFE, live(world, plan, &Faults::new())).await.unwrap().unwrap();
        let ledger = project::<Ledger>(&world.store).run().await.unwrap().state;
        // Every operation that was answered was executed once.
        prop_assert_eq!(ledger.deposited - ledger.withdrawn, answers.money);
        prop_assert_eq!(ledger.ended, answers.transfers);
        check_every_position(&world.store).await
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_transfers_with_crashes_keep_the_total_and_end(
        seed in any::<u64>(),
        crashes in prop::collection::vec(any::<u64>(), 0..8),
    ) {
        crashes_lose_no_money(seed, &crashes)?;
    }
}
