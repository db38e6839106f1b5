//! Marks with a text, with an alternative, and with a key.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderShipped {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderLost {}

struct Count(u64);

#[projection]
impl Count {
    #[handles("OrderPlaced")]
    fn placed(&mut self, _: &OrderPlaced) {
        self.0 += 1;
    }

    #[handles(OrderShipped | OrderPlaced)]
    fn shipped(&mut self, _: &OrderShipped) {
        self.0 += 1;
    }

    #[handles(event = OrderLost)]
    fn lost(&mut self, _: &OrderLost) {
        self.0 += 1;
    }
}

fn main() {}
