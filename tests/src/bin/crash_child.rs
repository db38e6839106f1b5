//! `crash_child FILE`: projects the log in FILE into its tables until it is killed; `crash_child FILE once`: until it
//! has caught up.

use std::error::Error;
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore};
use eventsource_tests::orphan::end_with_parent;
use eventsource_tests::rows::BumpRows;
use eventsource_tests::sums::BumpSums;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("usage: crash_child FILE [once]")?;
    let db = SqliteDatabase::open(file).await?;
    let store = SqliteEventStore::new(&db);
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), SqliteCheckpoints::new(&db));
    let config = SubscriptionConfig::default()
        .batch_size(3)
        .poll_interval(Duration::from_millis(5))
        .lease(Duration::from_millis(100));
    let sums = manager.subscribe(BumpSums, config.clone()).await?;
    let rows = manager.subscribe(BumpRows, config).await?;
    manager.start().await?;
    if arguments.next().is_some() {
        rows.caught_up().await?;
        sums.caught_up().await?;
        manager.stop().await?;
        return Ok(());
    }
    end_with_parent();
    // Only a signal stops it; this line reports a fault.
    rows.wait_for(Position::new(u64::MAX)).await?;
    Ok(())
}
