//! Marks that are nearly called so.

use eventsource::{DomainEvent, aggregate, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Count(u64);

#[projection]
impl Count {
    #[handle(Placed)]
    fn placed(&mut self, _: &Placed) {}

    #[trunctae]
    fn truncate(&mut self) {}
}

#[derive(Default)]
struct Order;

#[aggregate]
impl Order {
    #[applys(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

fn main() {}
