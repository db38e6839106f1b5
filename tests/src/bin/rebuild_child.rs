//! `rebuild_child sqlite FILE in-place|side-by-side [once]` and `rebuild_child postgres URL SCHEMA …`: rebuilds the sums
//! of bumps again and again until it is killed; or finishes what was begun, catches up and ends.

use std::error::Error;
use std::time::Duration;

use eventsource::postgres::{PostgresCheckpoints, PostgresDatabase, PostgresEventStore, PostgresOptions};
use eventsource::prelude::*;
use eventsource::projection::EventSubscriber;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore};
use eventsource::subscription::RebuildError;
use eventsource_tests::orphan::end_with_parent;
use eventsource_tests::sums::BumpSums;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().ok_or("usage: see the first line of this program");
    let (backend, place) = (argument()?, argument()?);
    end_with_parent();
    if backend == "sqlite" {
        let db = SqliteDatabase::open(place).await?;
        let (store, checkpoints) = (SqliteEventStore::new(&db), SqliteCheckpoints::new(&db));
        let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
        return rebuild(manager, &argument()?, arguments.next().is_some()).await;
    }
    let options = PostgresOptions::new(&place)?.schema(argument()?);
    let db = PostgresDatabase::open_with(options.idle_in_transaction_session_timeout(Duration::from_secs(2))).await?;
    let (store, checkpoints) = (PostgresEventStore::new(&db), PostgresCheckpoints::new(&db));
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
    rebuild(manager, &argument()?, arguments.next().is_some()).await
}

async fn rebuild<C: CheckpointStore>(
    manager: SubscriptionManager<C>,
    how: &str,
    once: bool,
) -> Result<(), Box<dyn Error>>
where
    BumpSums: EventSubscriber<C::Unit>,
{
    let config = SubscriptionConfig::default().batch_size(3).poll_interval(Duration::from_millis(5));
    let sums = manager.subscribe(BumpSums, config.lease(Duration::from_millis(100))).await?;
    manager.start().await?;
    sums.caught_up().await?;
    loop {
        let unfinished = sums.unfinished_rebuild();
        if once && unfinished.is_none() {
            manager.stop().await?;
            return Ok(());
        }
        let begun = match unfinished {
            Some(rebuild) => Ok(rebuild),
            None if how == "in-place" => sums.rebuild().await,
            None => sums.rebuild_side_by_side().await,
        };
        match begun {
            Ok(rebuild) => {
                let _ = rebuild.await?;
            }
            // Who was killed holds its lease a little longer.
            Err(RebuildError::NotRunning { .. }) => tokio::time::sleep(Duration::from_millis(2)).await,
            Err(error) => return Err(error.into()),
        }
    }
}
