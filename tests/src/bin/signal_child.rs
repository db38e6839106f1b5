//! `signal_child FILE`: a service as one would write it. It projects the log in FILE until a signal ends it, and
//! says how that was. The handler of a bump by 666 never returns, and that of one by 667 fails for good.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use eventsource::bus::{BusError, BusSubscriber, BusSubscription};
use eventsource::prelude::*;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore};
use eventsource::sqlx::SqliteConnection;
use eventsource::subscription::{FailurePolicy, Shutdown, WaitError};
use eventsource_tests::domain::Bumped;
use eventsource_tests::orphan::end_with_parent;

struct Rows;

#[projection(name = "rows")]
impl Rows {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, db: &mut SqliteConnection) -> Result<(), HandlerError> {
        let (position, by) = (event.position().value() as i64, event.by as i64);
        let insert = eventsource::sqlx::query("INSERT INTO bumps (position, by) VALUES (?, ?)");
        insert.bind(position).bind(by).execute(db).await?;
        match event.by {
            666 => {
                println!("hangs");
                std::future::pending().await
            }
            667 => Err(HandlerError::permanent("it is 667")),
            _ => Ok(()),
        }
    }
}

/// A bus that says when the manager leaves it: it stops.
struct Tells;

#[async_trait]
impl EventBus for Tells {
    async fn publish(&self, _: &[Arc<RecordedEvent>]) -> Result<(), BusError> {
        Ok(())
    }

    async fn subscribe(&self, _: EventFilter, _: Arc<dyn BusSubscriber>) -> Result<BusSubscription, BusError> {
        Ok(BusSubscription::new(|| println!("stopping")))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    end_with_parent();
    let db = SqliteDatabase::open(std::env::args().nth(1).ok_or("usage: signal_child FILE")?).await?;
    let store = SqliteEventStore::new(&db);
    let manager = SubscriptionManager::new(store.clone(), Tells, SqliteCheckpoints::new(&db));
    let config = SubscriptionConfig::default().on_failure(FailurePolicy::Stop).lease(Duration::from_millis(100));
    let rows = manager.subscribe(Rows, config.poll_interval(Duration::from_millis(5))).await?;
    tokio::spawn(async move {
        let caught_up = loop {
            match rows.caught_up().await {
                Err(WaitError::NotStarted { .. }) => tokio::time::sleep(Duration::from_millis(1)).await,
                caught_up => break caught_up,
            }
        };
        if caught_up.is_ok() {
            println!("caught up");
        }
    });
    match manager.run_until_signal().await? {
        Shutdown::Stopped { signal } => println!("stopped by {signal}"),
        Shutdown::Forced { signal, second, cut_off } => println!("{signal}, then {second}: cut off {cut_off:?}"),
        end => println!("{end:?}: {}", manager.inspect("rows").await?.state.name()),
    }
    db.close().await;
    std::process::exit(0)
}
