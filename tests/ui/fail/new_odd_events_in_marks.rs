//! What stands in a mark and is no type of an event.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Count(u64);

#[projection]
impl Count {
    #[handles(&Placed)]
    fn by_reference(&mut self, _: &Placed) {}

    #[handles(Placed {})]
    fn value(&mut self, _: &Placed) {}

    #[handles = Placed]
    fn equals(&mut self, _: &Placed) {}

    #[handles(event = Placed)]
    fn key(&mut self, _: &Placed) {}

    #[handles("Placed")]
    fn text(&mut self, _: &Placed) {}
}

fn main() {}
