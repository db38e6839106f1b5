//! A handler that changes a field and takes `&self`.

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
    fn placed(&self, _: &Placed) {
        self.0 += 1;
    }

    #[handles(Shipped)]
    fn shipped(&mut self, _: &Shipped) {}
}

fn main() {}
