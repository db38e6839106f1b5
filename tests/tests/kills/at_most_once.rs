//! A process with effects that happen at most once is killed at random moments, again and again: no effect is repeated, and a
//! kill loses the effect of one event at most.

use std::path::Path;
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::testing::Random;
use eventsource_tests::child::Child;
use eventsource_tests::domain::bump;
use eventsource_tests::soak::Rounds;

use crate::world::{Backend, Postgres, Sql, Sqlite, eventually};

fn printed(out: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(out).unwrap_or_default();
    text.lines().map(|position| position.parse().unwrap()).collect()
}

/// The number of events that wait for a process when it starts. It does not grow with the number of kills, so that the
/// last process reaches the end in time.
const WAITING: u64 = 150;

/// Kills 12 times, and 300 times in a soak.
async fn killed<B: Sql>(backend: B) {
    let mut random = Random::from_environment();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("cheques");
    let start = || {
        let out = out.to_str().unwrap().to_owned();
        Child::start(env!("CARGO_BIN_EXE_effects_child"), backend.arguments().into_iter().chain([out]))
    };
    let mut rounds = Rounds::at_least(12).in_soak(300);
    while rounds.another() {
        let store = backend.store();
        let done = backend.checkpoints().load("cheques").await.unwrap().map_or(0, |found| found.position.value());
        let waiting = store.head().await.unwrap().value() - done;
        bump(&store, (waiting..WAITING).map(|_| random.below(1_000)).collect::<Vec<_>>()).await;
        let before = printed(&out).len();
        let mut child = start();
        eventually("an effect happens", || async { printed(&out).len() > before }).await;
        tokio::time::sleep(random.delay(Duration::from_millis(60))).await;
        child.kill();
    }
    let kills = rounds.done() as usize;
    let mut last = start();
    assert_eq!(last.line(), "live");
    last.kill();

    let (printed, head) = (printed(&out), backend.store().head().await.unwrap().value());
    assert!(printed.windows(2).all(|pair| pair[0] < pair[1]), "an effect was repeated: {printed:?}");
    let lost = head as usize - printed.len();
    println!("at most once: {kills} kills lost {lost} of {head} effects");
    assert!(lost <= kills, "{kills} kills lost {lost} of {head} effects");
    let checkpoint = backend.checkpoints().load("cheques").await.unwrap().unwrap();
    assert_eq!(checkpoint.position.value(), head);
}

#[tokio::test(flavor = "multi_thread")]
async fn effects_of_a_killed_process_happen_at_most_once_on_sqlite() {
    killed(Sqlite::open().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn effects_of_a_killed_process_happen_at_most_once_on_postgres() {
    killed(Postgres::open().await).await;
}
