//! Queries that name no column, compare with another type, or mix models; and a repository that only reads.

use eventsource::{MemoryCheckpoints, MemoryReadModels, Query, ReadModel, ReadRepository};

#[derive(ReadModel)]
struct Order {
    #[read_model(id)]
    id: i64,
    status: String,
    total: f64,
    #[read_model(json)]
    lines: Vec<String>,
}

#[derive(ReadModel)]
struct Customer {
    #[read_model(id)]
    id: i64,
}

struct Plain;

async fn reads(orders: &ReadRepository<Order>, order: Order) {
    let _ = orders.get("one").await;
    let _ = orders.save(order).await;
}

fn main() {
    let _ = Order::STATE.eq("shipped");
    let _ = Order::STATUS.eq(1);
    let _ = Order::TOTAL.lt("much");
    let _ = Order::LINES.eq("a");
    let _ = Query::from(Order::STATUS.eq("shipped")).filter(Customer::ID.eq(1));
    let _ = MemoryReadModels::new(&MemoryCheckpoints::new()).repository::<Plain>();
}
