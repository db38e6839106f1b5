//! An event that does not say which aggregate emits it. Nothing else follows from it.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
struct Placed {}

struct Count(u64);

#[projection]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

fn main() {}
