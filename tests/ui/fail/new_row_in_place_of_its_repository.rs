//! A row where its repository is meant.

use eventsource::ReadModel;
use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced {}

#[derive(ReadModel)]
struct Row {
    #[read_model(id)]
    id: i64,
}

struct Rows;

#[projection]
impl Rows {
    #[handles(OrderPlaced)]
    async fn placed(&self, _: &OrderPlaced, row: &mut Row) {
        row.id += 1;
    }
}

fn subscribe(manager: &SubscriptionManager<MemoryCheckpoints>) {
    drop(manager.subscribe(Rows, SubscriptionConfig::from_beginning()));
}

fn main() {
    let _ = subscribe;
}
