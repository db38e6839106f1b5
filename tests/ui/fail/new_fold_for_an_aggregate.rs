//! An aggregate written as a fold that may refuse.

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
    fn placed(self, _: OrderPlaced) -> Self {
        self
    }

    #[applies(OrderShipped)]
    fn shipped(&mut self, _: &OrderShipped, _: &Metadata) -> Result<(), String> {
        Ok(())
    }
}

fn main() {}
