//! Options of a projection that are misspelt or contradict each other.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Count(u64);

#[projection(name = "", name = "count", memory = true, snapshot, version = "2", crate = 3)]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

struct Misspelt(u64);

#[projection(efects, vesrion = 2)]
impl Misspelt {
    #[handles(Placed)]
    fn placed(&self, _: &Placed) {}
}

struct Once;

#[projection(memory, at_most_once)]
impl Once {
    #[handles(Placed)]
    fn placed(&self, _: &Placed) {}
}

fn main() {}
