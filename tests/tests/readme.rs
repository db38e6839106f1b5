#![cfg_attr(rustfmt, rustfmt_skip)]
//! The README's code, compiled and run; a test holds the README to it, line by line.

use eventsource::prelude::*;
use eventsource::sqlx::{self, SqliteConnection};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced { total: f64 }
#[derive(Clone, Default)]
struct Revenue(f64);
#[projection]
impl Revenue {
    #[handles(OrderPlaced)]
    fn placed(&mut self, order: &OrderPlaced) { self.0 += order.total }
}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderShipped {}
struct OrderRows;

#[projection(name = "order-rows")]
impl OrderRows {
    #[handles(OrderShipped)]
    async fn shipped(&self, event: &Event<OrderShipped>, db: &mut SqliteConnection) -> sqlx::Result<()> {
        sqlx::query("UPDATE orders SET status = 'shipped' WHERE id = ?").bind(event.aggregate_id()).execute(db).await?;
        Ok(())
    }
}

#[tokio::test]
async fn the_example_runs() -> Result<(), Box<dyn std::error::Error>> {
    let store = MemoryEventStore::new();
    let stream = StreamId::new("Order", Uuid::now_v7());
    let event = NewEvent::of(&OrderPlaced { total: 150.0 })?;
    let appended = store.append(&stream, ExpectedVersion::NoStream, vec![event]).await?;

    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), MemoryCheckpoints::new());
    let revenue = manager.subscribe(Revenue::default(), SubscriptionConfig::from_beginning()).await?;
    manager.start().await?;
    revenue.wait_for(appended.position()).await?;        // read your own write, without a sleep
    println!("{}", revenue.read().await.0);
    assert_eq!(revenue.read().await.0, 150.0);
    assert_eq!(OrderRows.name(), "order-rows");
    Ok(())
}

#[test]
fn the_readme_shows_this_code() {
    let here: Vec<_> = include_str!("readme.rs").lines().map(str::trim).collect();
    let readme = include_str!("../../README.md");
    let mut in_code = false;
    let mut lines = 0;
    for line in readme.lines() {
        match line {
            "```rust" => in_code = true,
            "```" => in_code = false,
            line if in_code => {
                assert!(here.contains(&line.trim()), "the README shows a line that is not compiled here: {line}");
                lines += 1;
            }
            _ => {}
        }
    }
    assert!(lines > 20, "{lines}");
    let shell = readme.split("```sh\n").nth(1).unwrap();
    assert_eq!(shell.lines().take(2).collect::<Vec<_>>(), ["cargo run --bin tutorial", "cargo test --workspace"]);
}
