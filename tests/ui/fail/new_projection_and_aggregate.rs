//! One impl block that is to be both, and one that is marked twice.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Default)]
struct Order(u64);

#[projection]
#[eventsource::aggregate]
impl Order {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {}

    #[applies(Placed)]
    fn apply_placed(&mut self, _: &Placed) {}
}

struct Count(u64);

#[projection]
#[eventsource::projection(name = "count")]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

fn main() {}
