//! A projection that handles nothing.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Count(u64);

#[projection]
impl Count {
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

fn main() {
    Count(0).placed(&Placed {});
}
