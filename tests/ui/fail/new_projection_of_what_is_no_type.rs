//! Projections of what is no type of one's own.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Count(u64);

#[projection]
impl (Count, Count) {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

#[projection]
impl &Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

#[projection]
trait Counts {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed);
}

fn main() {}
