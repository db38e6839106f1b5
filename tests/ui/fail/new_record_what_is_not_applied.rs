//! An aggregate that records what it does not apply.

use eventsource::{AggregateRoot, DomainEvent, aggregate};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Shipped {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Cancelled {}

#[derive(Default)]
struct Order;

#[aggregate]
impl Order {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {}

    #[applies(Cancelled)]
    fn cancelled(&mut self, _: &Cancelled) {}
}

fn main() {
    let mut order = AggregateRoot::<Order>::new(Default::default());
    order.record(Shipped {});
}
