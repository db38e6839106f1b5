//! Marks of a projection in an aggregate, and the other way round.

use eventsource::{DomainEvent, aggregate, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Default)]
struct Order;

#[aggregate]
impl Order {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {}

    #[truncate]
    fn truncate(&mut self) {}
}

struct Count(u64);

#[projection]
impl Count {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

fn main() {}
