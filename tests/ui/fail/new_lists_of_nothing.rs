//! Lists that name nothing.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", aliases())]
struct OrderSent {}

#[derive(Default)]
struct Order;

#[aggregate]
impl Order {
    #[applies(OrderPlaced)]
    fn placed(&mut self, _: &OrderPlaced) {}
}

struct Count(u64);

#[projection(exhaustive = Order, ignores())]
impl Count {
    #[handles(OrderPlaced)]
    fn placed(&mut self, _: &OrderPlaced) {
        self.0 += 1;
    }
}

struct Rows;

#[projection(read_models())]
impl Rows {
    #[handles(OrderPlaced)]
    fn placed(&self, _: &OrderPlaced) {}
}

fn main() {}
