//! Whatever happens to an aggregate: loaded with snapshots it is what a replay makes of it.

use eventsource::aggregate::{MemorySnapshots, SnapshotPolicy};
use eventsource::prelude::*;
use eventsource::testing::Random;
use uuid::Uuid;

use crate::world::{Deposited, Snapshotting, Wallet, Wallets, deposit, on_every_snapshotting_backend, wallets};

on_every_snapshotting_backend! { random_commands_give_the_same_state_with_and_without_snapshots }

fn deposits(random: &mut Random) -> Vec<u64> {
    (0..=random.below(4)).map(|_| random.below(100)).collect()
}

/// One of the things that may happen to a wallet.
async fn step(random: &mut Random, snapshotting: &Wallets, plain: &Wallets, id: Uuid) {
    match random.below(6) {
        0 | 1 => deposit(snapshotting, id, &deposits(random)).await,
        // By a process without snapshots.
        2 => deposit(plain, id, &deposits(random)).await,
        3 => {
            let amount = random.below(200);
            // It may be refused.
            let _ = snapshotting.execute(id, |wallet| wallet.withdraw(amount)).command_id(Uuid::now_v7()).await;
        }
        4 => {
            // Two writers, one of which conflicts.
            let mut one = snapshotting.load_or_create(id).await.unwrap();
            let mut other = plain.load_or_create(id).await.unwrap();
            one.record(Deposited { amount: 1 });
            other.record([Deposited { amount: 2 }, Deposited { amount: 3 }]);
            let (one, other) = tokio::join!(snapshotting.save(&mut one), plain.save(&mut other));
            assert!(one.is_ok() != other.is_ok(), "one of them conflicts");
        }
        _ => {
            let version = snapshotting.load_or_create(id).await.unwrap().version();
            if version > 0 {
                let past = snapshotting.load_at(id, 1 + random.below(version)).await.unwrap();
                snapshotting.save_snapshot(&past).await.unwrap();
            }
        }
    }
}

async fn assert_same(snapshotting: &Wallets, plain: &Wallets, id: Uuid, random: &Random) {
    let loaded = snapshotting.load_or_create(id).await.unwrap();
    let replayed = plain.load_or_create(id).await.unwrap();
    assert_eq!((&*loaded, loaded.version()), (&*replayed, replayed.version()), "{random:?}");
}

async fn random_commands_give_the_same_state_with_and_without_snapshots(backend: impl Snapshotting) {
    let mut random = Random::from_environment();
    for _ in 0..6 {
        let policy = SnapshotPolicy::every(1 + random.below(7));
        let (plain, id) = (wallets(&backend), Uuid::now_v7());
        let snapshotting = wallets(&backend).with_snapshots(backend.snapshots(), policy);
        for _ in 0..20 {
            step(&mut random, &snapshotting, &plain, id).await;
            assert_same(&snapshotting, &plain, id, &random).await;
        }
    }
}

/// As where a log is restored from a backup, and the snapshots are not: the stream goes on in another way.
#[tokio::test]
async fn log_that_lost_its_end_is_replayed_despite_snapshots() {
    let mut random = Random::from_environment();
    for _ in 0..300 {
        let (store, id) = (MemoryEventStore::new(), Uuid::now_v7());
        let plain = Wallets::new(store.clone(), MemoryEventBus::new());
        let policy = SnapshotPolicy::<Wallet>::every(1 + random.below(4));
        let snapshotting =
            Wallets::new(store.clone(), MemoryEventBus::new()).with_snapshots(MemorySnapshots::new(), policy);
        for _ in 0..20 {
            if random.chance(0.2) {
                store.lose_after(Position::new(random.below(store.head().await.unwrap().value() + 1)));
                // The stream may be as long as before when it is loaded for the first time.
                for _ in 0..random.below(6) {
                    deposit(&plain, id, &deposits(&mut random)).await;
                }
            } else {
                step(&mut random, &snapshotting, &plain, id).await;
            }
            assert_same(&snapshotting, &plain, id, &random).await;
        }
    }
}
