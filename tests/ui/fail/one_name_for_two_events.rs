//! Two events that are stored under one name, in a projection and in an aggregate.

use eventsource::{DomainEvent, aggregate, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

mod cart {
    use super::*;

    #[derive(Serialize, Deserialize, DomainEvent)]
    #[event(aggregate = "Order", name = "Placed")]
    pub struct Filled {}
}

struct Count(u64);

#[projection]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }

    #[handles(cart::Filled)]
    fn filled(&mut self, _: &cart::Filled) {
        self.0 += 1;
    }
}

#[derive(Default)]
struct Order;

#[aggregate]
impl Order {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {}

    #[applies(cart::Filled)]
    fn filled(&mut self, _: &cart::Filled) {}
}

fn main() {}
