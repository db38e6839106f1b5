//! The process that is live: a projection that Redis wakes, and a relay that publishes to Redis.

use std::path::Path;
use std::time::Duration;

use eventsource::event::now;
use eventsource::prelude::*;
use eventsource::sqlite::SqliteDatabase;
use eventsource_redis::{RedisClient, RedisNotifier, RedisRelay};

use crate::Result;
use crate::order::OrderPlaced;

/// The revenue, printed at each order.
#[derive(Default)]
struct Revenue {
    cents: u64,
}

#[projection]
impl Revenue {
    #[handles(OrderPlaced)]
    fn placed(&mut self, event: &Event<OrderPlaced>) {
        self.cents += event.cents;
        let after = (now() - event.occurred_at()).num_milliseconds();
        let (customer, revenue) = (&event.customer, self.cents / 100);
        println!("live {after} ms after it was appended: order of {customer}, revenue {revenue}");
    }
}

/// Runs until it is stopped by a signal.
pub async fn run(file: &Path) -> Result<()> {
    let redis = RedisClient::open(crate::options())?;
    let db = SqliteDatabase::open(file).await?;
    let store = db.event_store();
    let manager = SubscriptionManager::new(store.clone(), RedisNotifier::new(&redis), db.checkpoints());
    // Without Redis the log is polled each minute: what is seen earlier was announced.
    let config = SubscriptionConfig::from_beginning().poll_interval(Duration::from_secs(60));
    let revenue = manager.subscribe(Revenue::default(), config.clone()).await?;
    let relay = manager.subscribe(RedisRelay::new(&redis, store), config).await?;
    manager.start().await?;
    revenue.caught_up().await?;
    relay.caught_up().await?;
    println!("live: ready");
    println!("live: {:?}", manager.run_until_signal().await?);
    db.close().await;
    Ok(())
}
