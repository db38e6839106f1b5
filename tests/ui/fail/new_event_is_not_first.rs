//! A handler whose event comes after something else.

use eventsource::{DomainEvent, Event, Metadata, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Count(u64);

#[projection]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Metadata, _: &Event<Placed>) {
        self.0 += 1;
    }
}

fn main() {}
