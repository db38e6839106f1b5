//! Two `#[aggregate]` blocks for one type.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderShipped {}

#[derive(Default)]
struct Order(u64);

#[aggregate]
impl Order {
    #[applies(OrderPlaced)]
    fn placed(&mut self, _: &OrderPlaced) {
        self.0 += 1;
    }
}

#[aggregate]
impl Order {
    #[applies(OrderShipped)]
    fn shipped(&mut self, _: &OrderShipped) {
        self.0 -= 1;
    }
}

fn main() {}
