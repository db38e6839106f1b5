//! An aggregate that records the event of another one.

use eventsource::{AggregateRoot, DomainEvent, aggregate};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Invoice")]
struct Paid {}

#[derive(Default)]
struct Order;

#[aggregate]
impl Order {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

fn main() {
    let mut order = AggregateRoot::<Order>::new(Default::default());
    order.record(Paid {});
}
