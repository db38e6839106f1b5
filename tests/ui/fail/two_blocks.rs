//! Two blocks for one projection.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Shipped {}

struct Count(u64);

#[projection]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

#[projection]
impl Count {
    #[handles(Shipped)]
    fn shipped(&mut self, _: &Shipped) {
        self.0 += 1;
    }
}

fn main() {}
