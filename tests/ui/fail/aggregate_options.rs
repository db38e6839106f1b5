//! Options of an aggregate.

use eventsource::{DomainEvent, aggregate};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Default)]
struct Order;

#[aggregate(nmae = "Order", typ = "x", name = "an order")]
impl Order {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

#[derive(Default)]
struct Größe;

#[aggregate]
impl Größe {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

fn main() {
    // Nothing follows from these mistakes.
    let mut order = eventsource::AggregateRoot::<Order>::new(Default::default());
    order.record(Placed {});
}
