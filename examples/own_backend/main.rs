//! The projections of the tutorial, on a backend of your own: see `backend.rs`.
//!
//! `cargo run --bin own_backend` works on a fresh temporary file, and starts again on it at the end.

mod backend;
#[path = "../tutorial/order.rs"]
mod order;
#[path = "../tutorial/projections.rs"]
mod projections;

use std::error::Error;
use std::path::Path;

use eventsource::prelude::*;
use uuid::Uuid;

use crate::backend::Redb;
use crate::order::{Order, OrderCancelled, OrderPlaced, OrderShipped};
use crate::projections::{CustomerStatistics, DailyRevenue, OrderSummary};

/// A row for each order. The tutorial writes it by SQL; here it is a read model, which any backend can store.
#[derive(ReadModel)]
#[read_model(table = "orders")]
struct OrderRow {
    #[read_model(id)]
    id: Uuid,
    #[read_model(index)]
    status: String,
    customer: String,
    total: f64,
}

struct OrderTable;

#[projection(name = "order-table", read_models(OrderRow))]
impl OrderTable {
    #[handles(OrderPlaced)]
    async fn placed(&self, event: &Event<OrderPlaced>, rows: &mut Repository<OrderRow>) -> Result<(), ReadModelError> {
        let (id, customer) = (event.aggregate_id(), event.customer_name.clone());
        rows.save(OrderRow { id, status: "placed".into(), customer, total: event.total_amount }).await
    }

    #[handles(OrderShipped)]
    async fn shipped(
        &self,
        event: &Event<OrderShipped>,
        rows: &mut Repository<OrderRow>,
    ) -> Result<(), ReadModelError> {
        set_status(rows, event.aggregate_id(), "shipped").await
    }

    #[handles(OrderCancelled)]
    async fn cancelled(
        &self,
        event: &Event<OrderCancelled>,
        rows: &mut Repository<OrderRow>,
    ) -> Result<(), ReadModelError> {
        set_status(rows, event.aggregate_id(), "cancelled").await
    }
}

async fn set_status(rows: &mut Repository<OrderRow>, id: Uuid, status: &str) -> Result<(), ReadModelError> {
    if let Some(row) = rows.get(id).await? {
        rows.save(OrderRow { status: status.into(), ..row }).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("orders.redb");
    for run in ["a new file", "the same file again"] {
        println!("On {run}:");
        serve(&file).await?;
    }
    Ok(())
}

/// Stores three orders, lets the projections apply them, and prints the read models.
async fn serve(file: &Path) -> Result<(), Box<dyn Error>> {
    let db = Redb::open(file).map_err(|error| error.to_string())?;
    let manager = SubscriptionManager::new(db.clone(), MemoryEventBus::new(), db.clone());
    let summary = manager.subscribe(OrderSummary::default(), SubscriptionConfig::default()).await?;
    let customers = manager.subscribe(CustomerStatistics::default(), SubscriptionConfig::default()).await?;
    let daily = manager.subscribe(DailyRevenue::default(), SubscriptionConfig::default()).await?;
    let table = manager.subscribe(OrderTable, SubscriptionConfig::default()).await?;
    manager.start().await?;

    let orders = AggregateRepository::<Order>::new(db.clone(), MemoryEventBus::new());
    for (customer, total) in [("Alice Johnson", 150.0), ("Bob Smith", 200.0), ("Carol Williams", 250.0)] {
        let mut order = orders.create_new(Uuid::now_v7());
        order.record(order.place(customer, total)?);
        match customer {
            "Alice Johnson" => order.record(order.ship("TRACK-001")?),
            "Bob Smith" => order.record(order.cancel("customer request")?),
            _ => {}
        }
        orders.save(&mut order).await?;
    }
    summary.caught_up().await?;
    customers.caught_up().await?;
    daily.caught_up().await?;
    table.caught_up().await?;

    println!("   {} orders, {} shipped", summary.read().await.total(), summary.read().await.with_status("shipped"));
    for (name, orders, spend) in customers.read().await.top(1) {
        println!("   {name}: {orders} order(s), ${spend:.2}");
    }
    println!("   revenue of {} day(s)", daily.read().await.days.len());
    let shipped = db.repository::<OrderRow>().count(OrderRow::STATUS.eq("shipped")).await?;
    let handled = table.inspect().await.events_handled;
    println!("   {shipped} row(s) with the status shipped, {handled} events handled since the start");
    manager.stop().await?;
    Ok(())
}
