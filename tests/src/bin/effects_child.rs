//! `effects_child sqlite FILE OUT` and `effects_child postgres URL SCHEMA OUT`: writes the position of each event to the file
//! OUT, at most once, until it is killed. It prints `live` when it has caught up.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::time::Duration;

use eventsource::postgres::{PostgresCheckpoints, PostgresDatabase, PostgresEventStore, PostgresOptions};
use eventsource::prelude::*;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore};
use eventsource_tests::domain::Bumped;
use eventsource_tests::orphan::end_with_parent;

type Done = Result<(), Box<dyn Error>>;

/// Prints cheques, which must not be printed twice.
struct Cheques(File);

#[projection(name = "cheques", effects, at_most_once)]
impl Cheques {
    #[handles(Bumped)]
    async fn print(&self, _: &Bumped, event: &RecordedEvent) -> Result<(), std::io::Error> {
        (&self.0).write_all(format!("{}\n", event.position()).as_bytes())?;
        // So that kills fall between the effect and the return of its handler.
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Done {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    end_with_parent();
    match arguments[..] {
        ["sqlite", file, out] => {
            let db = SqliteDatabase::open(file).await?;
            work(SqliteEventStore::new(&db), SqliteCheckpoints::new(&db), out).await
        }
        ["postgres", url, schema, out] => {
            let options = PostgresOptions::new(url)?.schema(schema);
            let db = PostgresDatabase::open_with(options).await?;
            work(PostgresEventStore::new(&db), PostgresCheckpoints::new(&db), out).await
        }
        _ => Err("usage: see the first lines of this program".into()),
    }
}

async fn work<C: CheckpointStore>(store: impl EventStore, checkpoints: C, out: &str) -> Done {
    let cheques = Cheques(OpenOptions::new().append(true).create(true).open(out)?);
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
    let config = SubscriptionConfig::default().batch_size(50).lease(Duration::from_millis(300));
    let cheques = manager.subscribe(cheques, config.poll_interval(Duration::from_millis(20))).await?;
    manager.start().await?;
    cheques.caught_up().await?;
    println!("live");
    // Only a fault ends this wait.
    cheques.wait_for(Position::new(u64::MAX)).await?;
    Ok(())
}
