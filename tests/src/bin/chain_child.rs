//! `chain_child sqlite FILE WHAT` and `chain_child postgres URL SCHEMA WHAT`: projects bumps into chains until it is
//! killed. WHAT is
//!
//! * `project LEASE [SLOW]`: all that is stored, under a lease of LEASE milliseconds, SLOW milliseconds an event; it says
//!   what state it is in whenever that changes;
//! * `retry all|each BATCH [once]`: retries every letter at once or one after the other, in batches of BATCH events, and
//!   dismisses the hopeless ones; `once`: and ends.

use std::error::Error;
use std::time::Duration;

use eventsource::postgres::{PostgresCheckpoints, PostgresDatabase, PostgresEventStore, PostgresOptions};
use eventsource::prelude::*;
use eventsource::projection::EventSubscriber;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteOptions};
use eventsource::subscription::{DeadLetterError, HealthLimits, SubscriptionState};
use eventsource_tests::chains::{self, Chains};
use eventsource_tests::orphan::end_with_parent;

type Done = Result<(), Box<dyn Error>>;

#[tokio::main]
async fn main() -> Done {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    end_with_parent();
    match arguments[..] {
        ["sqlite", file, ref what @ ..] => {
            let db = SqliteDatabase::open_with(SqliteOptions::new(file).write_timeout(Duration::from_secs(1))).await?;
            let (store, checkpoints) = (SqliteEventStore::new(&db), SqliteCheckpoints::new(&db));
            work(SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints), what).await
        }
        ["postgres", url, schema, ref what @ ..] => {
            let options = PostgresOptions::new(url)?.schema(schema);
            let options = options.idle_in_transaction_session_timeout(Duration::from_secs(2));
            let db = PostgresDatabase::open_with(options).await?;
            let (store, checkpoints) = (PostgresEventStore::new(&db), PostgresCheckpoints::new(&db));
            work(SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints), what).await
        }
        _ => Err("usage: see the first lines of this program".into()),
    }
}

async fn work<C: CheckpointStore>(manager: SubscriptionManager<C>, what: &[&str]) -> Done
where
    Chains: EventSubscriber<C::Unit>,
{
    match *what {
        ["project", lease, ref slow @ ..] => {
            let slow = slow.first().map_or(Ok(0), |slow| slow.parse())?;
            let config = chains::config().lease(Duration::from_millis(lease.parse()?));
            project(&manager, &manager.subscribe(Chains { cured: true, slow }, config).await?).await
        }
        ["retry", how, batch, ref once @ ..] => {
            let config = chains::config().lease(Duration::from_millis(100)).batch_size(batch.parse()?);
            let chains = manager.subscribe(Chains { cured: true, slow: 0 }, config).await?;
            manager.start().await?;
            chains.caught_up().await?;
            retry(&chains, how == "all").await?;
            if once.is_empty() {
                std::future::pending::<()>().await;
            }
            Ok(manager.stop().await?)
        }
        _ => Err("usage: see the first lines of this program".into()),
    }
}

async fn project<C: CheckpointStore>(manager: &SubscriptionManager<C>, chains: &SubscriptionHandle<Chains>) -> Done {
    manager.start().await?;
    let mut said = String::new();
    loop {
        let state = match chains.inspect().await.state {
            SubscriptionState::Standby { .. } => "standby".to_owned(),
            SubscriptionState::Fenced { .. } => "fenced".to_owned(),
            SubscriptionState::FencedAgain { .. } => {
                format!("faulted, live: {}", manager.health(HealthLimits::default()).live)
            }
            SubscriptionState::Waiting { reason } => format!("waiting: {reason}"),
            SubscriptionState::Faulted { failure } => return Err(failure.to_string().into()),
            _ => "working".to_owned(),
        };
        if state != said {
            println!("{state}");
            said.clone_from(&state);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Until only what is stubborn is left.
async fn retry(chains: &SubscriptionHandle<Chains>, all: bool) -> Done {
    let letters = chains.dead_letters();
    let is = |letter: &eventsource::projection::DeadLetter, what: &str| letter.errors.iter().any(|error| error == what);
    loop {
        let mut left = letters.list().await?;
        left.retain(|letter| !is(letter, "stubborn"));
        let Some(first) = left.first() else { return Ok(()) };
        let done = if all && left.iter().any(|letter| !is(letter, "hopeless")) {
            letters.retry_all().await
        } else if is(first, "hopeless") {
            letters.dismiss(first.position, "there is no hope").await
        } else {
            letters.retry(first.position).await
        };
        match done {
            // It followed meanwhile.
            Ok(_) | Err(DeadLetterError::Unknown { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
