#![cfg_attr(rustfmt, rustfmt_skip)]
//! The README's code, compiled and run; a test holds the README to it, line by line.

use eventsource::prelude::*;
use eventsource::projection::sqlite::SqliteCheckpoints;
use eventsource::read_model::sqlite::SqliteReadModels;
use eventsource::store::sqlite::SqliteDatabase;
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

#[allow(dead_code)]
async fn service(manager: SubscriptionManager<MemoryCheckpoints>) -> Result<(), Box<dyn std::error::Error>> {
    use eventsource::subscription::Shutdown;
    match manager.run_until_signal().await? {
        Shutdown::Stopped { signal } => println!("stopped by {signal}"),
        end => println!("{end:?}"),                      // forced by a second signal, or nothing runs any more
    }
    Ok(())
}

#[allow(dead_code)]
async fn deployment(db: SqliteDatabase, manager: SubscriptionManager<SqliteCheckpoints>) -> Result<(), Box<dyn std::error::Error>> {
    use eventsource::subscription::OnChange;
    SqliteReadModels::new(&db).ensure_tables(&Orders).await?;
    let config = SubscriptionConfig::default().on_change(OnChange::RebuildSideBySide);
    let orders = manager.subscribe(Orders, config).await?;
    manager.start().await?;
    orders.caught_up().await?;
    Ok(())
}

#[derive(ReadModel)]
#[read_model(table = "orders")]
struct OrderRow { #[read_model(id)] id: Uuid, status: String }

struct Orders;

#[projection(read_models(OrderRow))]
impl Orders {
    #[handles(OrderShipped)]
    async fn shipped(&self, event: &Event<OrderShipped>, orders: &mut Repository<OrderRow>) -> Result<(), ReadModelError> {
        let Some(mut order) = orders.get(event.aggregate_id()).await? else { return Ok(()) };
        order.status = "shipped".into();
        orders.save(order).await
    }
}

#[tokio::test]
async fn the_read_models_run() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let db = SqliteDatabase::open(folder.path().join("readme.db")).await?;
    SqliteReadModels::new(&db).create_table::<OrderRow>().await?;
    let open = SqliteReadModels::new(&db).repository().find(OrderRow::STATUS.ne("shipped")).await?;
    assert!(open.is_empty());
    assert_eq!(Orders.name(), "Orders");
    Ok(())
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
    assert_eq!(shell.lines().take(2).collect::<Vec<_>>(), ["cargo run --bin tutorial", "tests/setup && cargo test --workspace"]);
}
