//! An aggregate that is made by hand and by the macro.

use eventsource::{Aggregate, DomainEvent, aggregate};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Default)]
struct Order;

#[aggregate]
impl Order {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

impl Aggregate for Order {
    const TYPE: &'static str = "Order";
    type Events = (Placed,);
}

fn main() {}
