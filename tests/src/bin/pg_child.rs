//! `pg_child URL SCHEMA project [once]`: projects the log in SCHEMA into its tables until it is killed, or until it has
//! caught up. `pg_child URL SCHEMA append`: appends in a transaction, and leaves it open. Both end their idle
//! transactions after 2 seconds, and say when they have begun.

use std::error::Error;
use std::time::Duration;

use eventsource::postgres::{PostgresCheckpoints, PostgresDatabase, PostgresEventStore, PostgresOptions};
use eventsource::prelude::*;
use eventsource_tests::domain::Bumped;
use eventsource_tests::orphan::end_with_parent;
use eventsource_tests::postgres_rows::PgBumpRows;
use uuid::Uuid;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().ok_or("usage: pg_child URL SCHEMA project|append [once]");
    let (url, schema, what) = (argument()?, argument()?, argument()?);
    let options = PostgresOptions::new(&url)?.schema(&schema);
    let db = PostgresDatabase::open_with(options.idle_in_transaction_session_timeout(Duration::from_secs(2))).await?;
    let store = PostgresEventStore::new(&db);
    if what == "append" {
        let mut tx = db.pool().begin().await?;
        let stream = StreamId::new("Counter", Uuid::now_v7());
        store.append_in(&mut tx, &stream, ExpectedVersion::Any, vec![NewEvent::of(&Bumped { by: 5 })?]).await?;
        println!("open");
        std::io::stdin().read_line(&mut String::new())?;
        let committed = tx.commit().await;
        println!("{}", if committed.is_ok() { "committed" } else { "refused" });
        return Ok(());
    }
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), PostgresCheckpoints::new(&db));
    let config = SubscriptionConfig::default()
        .batch_size(3)
        .poll_interval(Duration::from_millis(50))
        .lease(Duration::from_millis(500));
    let rows = manager.subscribe(PgBumpRows::new(&schema), config).await?;
    manager.start().await?;
    if arguments.next().is_some() {
        rows.caught_up().await?;
        manager.stop().await?;
        return Ok(());
    }
    end_with_parent();
    println!("started");
    // Only a signal stops it, or a second fencing within a minute.
    let mut is_fenced = false;
    while rows.inspect().await.state.is_running() {
        let was_fenced = is_fenced;
        is_fenced = matches!(rows.inspect().await.state, SubscriptionState::Fenced { .. });
        if is_fenced && !was_fenced {
            println!("fenced");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(rows.inspect().await.state.to_string().into())
}
