//! An aggregate without a first state.

use eventsource::{DomainEvent, aggregate};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Order;

#[aggregate]
impl Order {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

fn main() {}
