//! `engine_child sqlite FILE HOW [once]` and `engine_child postgres URL SCHEMA HOW [once]`: lets two engines follow the log
//! until it is killed. HOW is `subscribed`, by a manager, or `by-hand`, from the progress of the engines. `once`: up to the
//! end of the log; it prints the state of the engine that has one.

use std::error::Error;
use std::time::Duration;

use eventsource::engine::ProjectionStateStore;
use eventsource::postgres::{
    PostgresCheckpoints, PostgresDatabase, PostgresEventStore, PostgresOptions, PostgresProjectionStates,
};
use eventsource::prelude::*;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteProjectionStates};
use eventsource::sqlx::postgres::PgConnectOptions;
use eventsource_tests::engines::{self, BATCH, Digest, LARGE_BATCH, Write, follow};
use eventsource_tests::orphan::end_with_parent;

type Done = Result<(), Box<dyn Error>>;

#[tokio::main]
async fn main() -> Done {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    end_with_parent();
    match arguments[..] {
        ["sqlite", file, how, ref once @ ..] => {
            let db = SqliteDatabase::open(file).await?;
            let (store, checkpoints) = (SqliteEventStore::new(&db), SqliteCheckpoints::new(&db));
            let (states, write) = (SqliteProjectionStates::new(&db), engines::write_sqlite(&db));
            work(store, checkpoints, states, &write, how, !once.is_empty()).await
        }
        ["postgres", url, schema, how, ref once @ ..] => {
            // By this name the test finds out when the server has ended the sessions of a killed process.
            let connect = url.parse::<PgConnectOptions>()?.application_name(schema);
            let options = PostgresOptions::from_connect_options(connect).schema(schema);
            let db = PostgresDatabase::open_with(options).await?;
            let (store, checkpoints) = (PostgresEventStore::new(&db), PostgresCheckpoints::new(&db));
            let (states, write) = (PostgresProjectionStates::new(&db), engines::write_postgres(&db, schema));
            work(store, checkpoints, states, &write, how, !once.is_empty()).await
        }
        _ => Err("usage: see the first lines of this program".into()),
    }
}

async fn work<C: CheckpointStore>(
    store: impl EventStore + Clone,
    checkpoints: C,
    states: impl ProjectionStateStore + Clone,
    write: &Write,
    how: &str,
    once: bool,
) -> Done {
    let (calls, digest) = (engines::calls(states.clone(), write), engines::digest(states));
    let Digest { events, value } = match how {
        "subscribed" => {
            let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
            let calls = manager.subscribe(calls, engines::config(BATCH)).await?;
            let digest = manager.subscribe(digest, engines::config(LARGE_BATCH)).await?;
            manager.start().await?;
            if !once {
                // Only a fault ends this wait.
                calls.wait_for(Position::new(u64::MAX)).await?;
            }
            calls.caught_up().await?;
            digest.caught_up().await?;
            let state = *digest.read().await.state();
            manager.stop().await?;
            state
        }
        _ => {
            let (mut calls, mut digest) = (calls, digest);
            loop {
                let called = follow(&mut calls, &store, BATCH).await?;
                let updated = follow(&mut digest, &store, LARGE_BATCH).await?;
                if once && !called && !updated {
                    break *digest.state();
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    };
    println!("{events} {value}");
    Ok(())
}
