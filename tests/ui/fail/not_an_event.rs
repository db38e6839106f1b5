//! A handler for a type that lacks the derive.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Serialize, Deserialize)]
struct Shipped {}

struct Count(u64);

#[projection]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }

    #[handles(Shipped)]
    async fn shipped(&mut self, _: &eventsource::Event<Shipped>) {
        self.0 += 1;
    }
}

fn main() {}
