//! A projection that borrows.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Count<'a>(&'a mut u64);

#[projection]
impl<'a> Count<'a> {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        *self.0 += 1;
    }
}

fn main() {}
