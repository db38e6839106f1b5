//! Two handlers for one event, one of them through an alias.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

type AlsoPlaced = Placed;

struct Count(u64);

#[projection]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }

    #[handles(AlsoPlaced)]
    fn placed_again(&mut self, _: &AlsoPlaced) {
        self.0 += 1;
    }
}

fn main() {}
