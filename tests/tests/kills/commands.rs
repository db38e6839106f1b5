//! A process that executes commands with ids is killed at random moments and started again with the same commands: each
//! of them is applied once.

use std::time::Duration;

use eventsource::postgres::PostgresSnapshots;
use eventsource::prelude::*;
use eventsource::sqlite::SqliteSnapshots;
use eventsource::testing::Random;
use eventsource_tests::child::Child;
use eventsource_tests::ledgers::{COMMANDS, Ledger, command_id, ids, ledger, ledgers, parts};
use eventsource_tests::soak::Rounds;

use crate::world::{Backend, Postgres, Sql, Sqlite, eventually};

/// Kills three times a round; half of the kills have to fall between the first and the last command of a process.
async fn killed<B: Sql>(backend: B, with_snapshots: AggregateRepository<Ledger>) {
    let (mut random, store) = (Random::from_environment(), backend.store());
    let replayed = AggregateRepository::<Ledger>::new(store.clone(), MemoryEventBus::new());
    let (mut rounds, mut kills, mut during) = (Rounds::at_least(3), 0, 0);
    let expected: u64 = (0..COMMANDS).map(parts).sum();
    while rounds.another() {
        let round = u64::from(rounds.done());
        let start = || {
            let arguments = backend.arguments().into_iter().chain([round.to_string()]);
            Child::start(env!("CARGO_BIN_EXE_command_child"), arguments)
        };
        let stored = async || {
            let mut stored = 0;
            for id in ids(round) {
                let last = store.read_stream(&StreamId::new("Ledger", id), ReadStream::backward().limit(1)).await;
                stored += last.unwrap().first().map_or(0, |event| event.version());
            }
            stored
        };
        for _ in 0..3 {
            let before = stored().await;
            if before == expected {
                break;
            }
            let mut child = start();
            eventually("a command is stored", || async { stored().await > before }).await;
            tokio::time::sleep(random.delay(Duration::from_millis(30))).await;
            if child.is_running() {
                // To drop it is to kill it.
                kills += 1;
                drop(child);
                during += u32::from(stored().await < expected);
            }
        }
        // The database may still be at what the killed process had sent.
        start().finish();
        start().finish();
        for id in ids(round) {
            let ledger = replayed.load(id).await.unwrap();
            assert_eq!(*ledger, *with_snapshots.load(id).await.unwrap(), "with and without a snapshot");
        }
        for command in 0..COMMANDS {
            let ledger = replayed.load(ledger(round, command)).await.unwrap();
            assert_eq!(ledger.parts.get(&command), Some(&parts(command)), "round {round}, command {command}");
            let executed = replayed.executed(command_id(round, command)).await.unwrap().unwrap();
            assert_eq!(executed.events.len() as u64, parts(command));
        }
        assert_eq!(stored().await, expected, "nothing else is stored");
    }
    println!("commands: {kills} kills, {during} of them during the commands");
    assert!(kills > 0 && during * 2 >= kills, "only {during} of {kills} kills fell during the commands");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_a_killed_process_are_applied_once_on_sqlite() {
    let backend = Sqlite::open().await;
    let ledgers = ledgers(backend.store(), SqliteSnapshots::new(&backend.db));
    killed(backend, ledgers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_a_killed_process_are_applied_once_on_postgres() {
    let backend = Postgres::open().await;
    let ledgers = ledgers(backend.store(), PostgresSnapshots::new(&backend.db));
    killed(backend, ledgers).await;
}
