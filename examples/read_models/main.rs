//! The tutorial's orders as rows of a read model, without SQL, on a backend of your choice.
//!
//! `cargo run --bin read_models` keeps them in memory; `cargo run --bin read_models sqlite` in a temporary SQLite file;
//! `DATABASE_URL=postgres://… cargo run --bin read_models postgres` in a schema of its own in that database, which is
//! dropped at the end. All print the same table.

#[allow(dead_code, reason = "the tutorial uses more of it")]
#[path = "../tutorial/order.rs"]
mod order;
mod rows;

use std::error::Error;

use eventsource::postgres::{PostgresDatabase, PostgresOptions};
use eventsource::prelude::*;
use eventsource::sqlite::SqliteDatabase;
use eventsource::sqlx;
use uuid::Uuid;

use order::Order;
use rows::{OrderRow, OrderRows};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        None | Some("memory") => in_memory().await,
        Some("sqlite") => on_sqlite().await,
        Some("postgres") => on_postgres().await,
        Some(other) => Err(format!("there is no backend `{other}`: say `memory`, `sqlite` or `postgres`").into()),
    }
}

async fn in_memory() -> Result<()> {
    let checkpoints = MemoryCheckpoints::new();
    let rows = MemoryReadModels::new(&checkpoints).repository();
    run(MemoryEventStore::new(), checkpoints, rows).await
}

async fn on_sqlite() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let db = SqliteDatabase::open(folder.path().join("orders.db")).await?;
    let models = db.read_models();
    models.ensure_tables(&OrderRows).await?;
    run(db.event_store(), db.checkpoints(), models.repository()).await
}

async fn on_postgres() -> Result<()> {
    let url = std::env::var("DATABASE_URL")
        .map_err(|_| "set DATABASE_URL to a PostgreSQL database, such as postgres://user:password@localhost/shop")?;
    let schema = format!("read_models_{}", Uuid::now_v7().simple());
    let options = PostgresOptions::new(&url)?.schema(&schema);
    let db = PostgresDatabase::open_with(options).await?;
    let models = db.read_models();
    models.ensure_tables(&OrderRows).await?;
    let ran = run(db.event_store(), db.checkpoints(), models.repository()).await;
    // A schema of your own would stay.
    let drop = sqlx::AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"));
    sqlx::raw_sql(drop).execute(db.pool()).await?;
    db.close().await;
    ran
}

/// From here on nothing knows which backend it is.
async fn run<S, C>(store: S, checkpoints: C, rows: ReadRepository<OrderRow>) -> Result<()>
where
    S: EventStore + Clone + 'static,
    C: CheckpointStore,
    OrderRows: EventSubscriber<C::Unit>,
{
    let bus = MemoryEventBus::new();
    let orders = AggregateRepository::<Order>::new(store.clone(), bus.clone());
    let manager = SubscriptionManager::new(store, bus, checkpoints);
    let projection = manager.subscribe(OrderRows, SubscriptionConfig::default()).await?;

    create_orders(&orders).await?;
    manager.start().await?;
    projection.caught_up().await?;
    println!("Orders, the largest first:");
    print_table(&rows, Query::all().order_by(OrderRow::TOTAL_AMOUNT.desc())).await?;

    println!("\nOrders to be shipped, above $200:");
    print_table(&rows, OrderRow::STATUS.eq("placed").and(OrderRow::TOTAL_AMOUNT.gt(200.0))).await?;

    println!("\nCancelled orders, which are hidden otherwise:");
    print_table(&rows, Query::all().only_deleted()).await?;

    manager.stop().await?;
    let before = rows.find_stored(Query::all().with_deleted()).await?;
    projection.reset().await?;
    let emptied = rows.count(Query::all().with_deleted()).await?;
    manager.start().await?;
    projection.caught_up().await?;
    let rebuilt = rows.find_stored(Query::all().with_deleted()).await?;
    println!("\nAfter a reset {emptied} rows, after the rebuild {}, the same: {}", rebuilt.len(), rebuilt == before);
    manager.stop().await?;
    Ok(())
}

async fn create_orders(orders: &AggregateRepository<Order>) -> Result<()> {
    // Ids of their own, so that every run prints the same.
    let id = |first: u32| Uuid::from_u128(u128::from(first) << 96);
    let mut alice = orders.create_new(id(0xA11C_E001));
    alice.record(alice.place("Alice Johnson", 150.0)?);
    alice.record(alice.ship("TRACK-001")?);
    orders.save(&mut alice).await?;

    let mut bob = orders.create_new(id(0xB0B0_0002));
    bob.record(bob.place("Bob Smith", 200.0)?);
    bob.record(bob.cancel("customer request")?);
    orders.save(&mut bob).await?;

    let mut carol = orders.create_new(id(0xCA50_0003));
    carol.record(carol.place("Carol Williams", 250.0)?);
    orders.save(&mut carol).await?;

    let mut david = orders.create_new(id(0xDA71_D004));
    david.record(david.place("David Brown", 500.0)?);
    david.record(david.ship("TRACK-002")?);
    orders.save(&mut david).await?;
    Ok(())
}

async fn print_table(rows: &ReadRepository<OrderRow>, query: impl Into<Query<OrderRow>>) -> Result<()> {
    println!(
        "   {:<12} | {:<14} | {:>8} | {:<9} | {:<9} | version",
        "number", "customer", "total", "status", "tracking"
    );
    for row in rows.find_stored(query).await? {
        let tracking = row.tracking_number.as_deref().unwrap_or("-");
        println!(
            "   {:<12} | {:<14} | {:>8.2} | {:<9} | {tracking:<9} | {}",
            row.order_number,
            row.customer_name,
            row.total_amount,
            row.status,
            row.version()
        );
    }
    Ok(())
}
