//! Names that the next generation of something has, and one that no database takes.

use eventsource::ReadModel;
use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced {}

struct Count(u64);

#[projection(name = "orders~next")]
impl Count {
    #[handles(OrderPlaced)]
    fn placed(&mut self, _: &OrderPlaced) {
        self.0 += 1;
    }
}

struct Zero(u64);

#[projection(name = "orders\0")]
impl Zero {
    #[handles(OrderPlaced)]
    fn placed(&mut self, _: &OrderPlaced) {
        self.0 += 1;
    }
}

#[derive(ReadModel)]
#[read_model(table = "orders__next")]
struct Row {
    #[read_model(id)]
    id: i64,
}

fn main() {}
