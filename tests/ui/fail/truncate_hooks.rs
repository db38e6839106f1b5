//! What a truncate hook cannot be.

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

    #[truncate]
    fn first(&mut self) {}

    #[truncate(hard)]
    fn second(&mut self) {}

    #[handles(Shipped)]
    #[truncate]
    fn both(&mut self, _: &Shipped) {}
}

fn main() {}
