//! The write side: an order that is placed once.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
pub struct OrderPlaced {
    pub customer: String,
    pub cents: u64,
}

#[derive(Debug, Default)]
pub struct Order {
    is_placed: bool,
}

#[aggregate]
impl Order {
    /// Returns nothing if the order is placed already.
    pub fn place(&self, customer: &str, cents: u64) -> Option<OrderPlaced> {
        (!self.is_placed).then(|| OrderPlaced { customer: customer.into(), cents })
    }

    #[applies(OrderPlaced)]
    fn placed(&mut self, _: &OrderPlaced) {
        self.is_placed = true;
    }
}
