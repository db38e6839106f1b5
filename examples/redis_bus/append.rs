//! The process that appends: it saves orders, and the notifier tells other processes.

use std::path::Path;
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::sqlite::SqliteDatabase;
use eventsource_redis::{RedisClient, RedisNotifier};
use uuid::Uuid;

use crate::Result;
use crate::order::Order;

const CUSTOMERS: [&str; 4] = ["Alice", "Bob", "Carol", "David"];

/// Places `count` orders, one each 20 ms.
pub async fn run(file: &Path, count: usize) -> Result<()> {
    let redis = RedisClient::open(crate::options())?;
    let db = SqliteDatabase::open(file).await?;
    let orders = AggregateRepository::<Order>::new(db.event_store(), RedisNotifier::new(&redis));
    for (n, customer) in (1..=count).zip(CUSTOMERS.iter().cycle()) {
        let mut order = orders.create_new(Uuid::now_v7());
        order.record(order.place(customer, n as u64 * 1_000));
        let saved = orders.save(&mut order).await?;
        match saved.publish_error {
            None => println!("appended order {n} of {customer} at position {}", saved.position),
            // It is stored. The other processes find it when they poll the log.
            Some(error) => {
                let error = eventsource::causes(&error);
                println!("appended order {n} of {customer} at position {}, but {error}", saved.position);
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    db.close().await;
    Ok(())
}
