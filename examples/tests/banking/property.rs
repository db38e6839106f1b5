//! Random transfers with crashes at random points: the total never changes, and no transfer stays half done.

use eventsource::fold::project;
use eventsource::prelude::*;
use eventsource::testing::faults::Faults;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use tokio::time::timeout;

use crate::balances::Balances;
use crate::ledger::Ledger;
use crate::life::crashes;
use crate::plan::Plan;
use crate::world::{LIFE, World};

/// A process that crashes in one of its calls, which never comes back.
fn crashing_life(world: &mut World, plan: Plan, seed: u64) {
    // The process dies with all that it does: its runtime is dropped.
    let _ = world.life(async |world| timeout(LIFE, world.live(plan, &crashes(seed))).await);
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
        let answers = timeout(LIFE, world.live(plan, &Faults::new())).await.unwrap().unwrap();
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
