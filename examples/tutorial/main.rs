//! Orders flow through four projections: history first, then live, then after a restart.
//!
//! `cargo run --bin tutorial` works on a fresh temporary file, and restarts on it at the end. With a path it keeps the
//! file, and a second run on it continues where the first one stopped.

mod order;
mod order_rows;
mod projections;

use std::error::Error;
use std::path::{Path, PathBuf};

use eventsource::prelude::*;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase};
use uuid::Uuid;

use order::Order;
use order_rows::OrderRows;
use projections::{CustomerStatistics, DailyRevenue, OrderSummary};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = std::env::args_os().nth(1).map_or_else(|| folder.path().join("orders.db"), PathBuf::from);
    run(&file).await
}

async fn run(file: &Path) -> Result<()> {
    let line = "=".repeat(60);
    println!("{line}\nTutorial 6: Projections\n{line}");

    println!("\n1. Setting up the infrastructure");
    let db = SqliteDatabase::open(file).await?;
    let store = db.event_store();
    let bus = MemoryEventBus::new();
    let checkpoints = db.checkpoints();
    let orders = AggregateRepository::<Order>::new(store.clone(), bus.clone());
    OrderRows::create_table(db.pool()).await?;
    println!("   event store, bus and checkpoint repo initialized");

    println!("\n2. Creating historical orders");
    let history = store.head().await?;
    if history == Position::START {
        create_history(&orders).await?;
        println!("   created 3 orders (1 shipped, 1 cancelled)");
    } else {
        println!("   the file holds a log up to position {history}: no orders created");
    }

    println!("\n3. Creating the projections");
    println!("   order summary, customer statistics, daily revenue: in memory");
    println!("   order rows: in SQLite, through the injected connection");

    println!("\n4. Setting up the subscription manager");
    let Projections { manager, summary, customers, daily, rows } = subscribe(&db, &bus).await?;
    println!("   4 projections subscribed (start from beginning)");

    println!("\n5. Starting the subscriptions");
    let resumes = checkpoints.load("order-rows").await?;
    manager.start().await?;
    summary.caught_up().await?;
    customers.caught_up().await?;
    daily.caught_up().await?;
    rows.caught_up().await?;
    println!("   catch-up complete");
    if let Some(checkpoint) = resumes {
        print_resumed(checkpoint.position, &summary, &rows).await;
    }

    println!("\n6. Querying the read models");
    print_summary(&*summary.read().await);
    for (name, orders, spend) in customers.read().await.top(10) {
        println!("   {name}: {orders} order(s), ${spend:.2}");
    }
    for (day, revenue) in &daily.read().await.days {
        println!("   {day}: ${revenue:.2}");
    }
    println!("   rows in the database: {}", OrderRows::count(db.pool()).await?);

    println!("\n7. Placing a live order");
    let mut live = orders.create_new(Uuid::now_v7());
    live.record(live.place("David Brown", 500.0)?);
    let saved = orders.save(&mut live).await?;
    summary.wait_for(&saved).await?;
    customers.wait_for(&saved).await?;
    rows.wait_for(&saved).await?;
    println!("   order {} by David Brown, $500.00: applied at position {}", live.id(), saved.position);

    println!("\n8. Querying again");
    print_summary(&*summary.read().await);
    println!("   rows in the database: {}", OrderRows::count(db.pool()).await?);

    println!("\n9. Asking for the status");
    for status in manager.inspect_all().await {
        println!(
            "   {}: {}, events handled: {}, {}",
            status.name, status.state, status.events_handled, status.guarantee
        );
    }

    println!("\n10. Stopping");
    manager.stop().await?;
    let checkpoint = checkpoints.load("order-rows").await?;
    let saved = checkpoint.map(|checkpoint| checkpoint.position) == rows.inspect().await.position;
    println!("   stopped gracefully, final checkpoint saved: {saved}");
    db.close().await;

    // A kept file was restarted on above.
    if history == Position::START {
        restart(file).await?;
    }
    println!("\nTutorial complete");
    Ok(())
}

/// What a new process does: it opens the file and starts the same projections.
async fn restart(file: &Path) -> Result<()> {
    println!("\n11. Restarting on the same file");
    let db = SqliteDatabase::open(file).await?;
    let checkpoint = db.checkpoints().load("order-rows").await?;
    let Projections { manager, summary, rows, .. } = subscribe(&db, &MemoryEventBus::new()).await?;
    manager.start().await?;
    summary.caught_up().await?;
    rows.caught_up().await?;
    print_resumed(checkpoint.map_or(Position::START, |checkpoint| checkpoint.position), &summary, &rows).await;

    println!("\n12. Querying after the restart");
    print_summary(&*summary.read().await);
    println!("   rows in the database: {}", OrderRows::count(db.pool()).await?);
    manager.stop().await?;
    db.close().await;
    Ok(())
}

/// The four projections, subscribed.
struct Projections {
    manager: SubscriptionManager<SqliteCheckpoints>,
    summary: SubscriptionHandle<OrderSummary>,
    customers: SubscriptionHandle<CustomerStatistics>,
    daily: SubscriptionHandle<DailyRevenue>,
    rows: SubscriptionHandle<OrderRows>,
}

async fn subscribe(db: &SqliteDatabase, bus: &MemoryEventBus) -> Result<Projections> {
    let manager = SubscriptionManager::builder(db).notifier(bus.clone()).build();
    let from_beginning = SubscriptionConfig::from_beginning;
    let summary = manager.subscribe(OrderSummary::default(), from_beginning()).await?;
    let customers = manager.subscribe(CustomerStatistics::default(), from_beginning()).await?;
    let daily = manager.subscribe(DailyRevenue::default(), from_beginning()).await?;
    // The default starts at the checkpoint, and from the beginning where there is none.
    let rows = manager.subscribe(OrderRows, SubscriptionConfig::default()).await?;
    Ok(Projections { manager, summary, customers, daily, rows })
}

async fn print_resumed(
    position: Position,
    summary: &SubscriptionHandle<OrderSummary>,
    rows: &SubscriptionHandle<OrderRows>,
) {
    let replayed = rows.inspect().await.events_handled;
    println!("   order rows: resumed after position {position}, {replayed} replayed");
    println!("   the memory projections replayed the log: {} events", summary.inspect().await.events_handled);
}

async fn create_history(orders: &AggregateRepository<Order>) -> Result<()> {
    let mut alice = orders.create_new(Uuid::now_v7());
    alice.record(alice.place("Alice Johnson", 150.0)?);
    alice.record(alice.ship("TRACK-001")?);
    orders.save(&mut alice).await?;

    let mut bob = orders.create_new(Uuid::now_v7());
    bob.record(bob.place("Bob Smith", 200.0)?);
    bob.record(bob.cancel("customer request")?);
    orders.save(&mut bob).await?;

    let mut carol = orders.create_new(Uuid::now_v7());
    carol.record(carol.place("Carol Williams", 250.0)?);
    orders.save(&mut carol).await?;
    Ok(())
}

fn print_summary(summary: &OrderSummary) {
    let [placed, shipped, cancelled] = ["placed", "shipped", "cancelled"].map(|status| summary.with_status(status));
    println!("   total {}, placed {placed}, shipped {shipped}, cancelled {cancelled}", summary.total());
    println!("   revenue ${:.2}", summary.revenue);
}
