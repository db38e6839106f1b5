//! Options that are a value alone.

use eventsource::{DomainEvent, aggregate, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event("Order")]
struct Placed {}

struct Count(u64);

#[projection("count")]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

#[derive(Default)]
struct Order;

#[aggregate("Order")]
impl Order {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

fn main() {}
