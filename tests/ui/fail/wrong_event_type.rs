//! The parameter is of another type than the event that is handled.

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
    fn placed(&mut self, _: &Shipped) {
        self.0 += 1;
    }

    #[handles(Shipped)]
    async fn shipped(&mut self, _: &eventsource::Event<Placed>) {
        self.0 += 1;
    }
}

fn main() {}
