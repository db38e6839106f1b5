//! A type error in a body: the compiler's own error, at the user's code.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Count(u64);

#[projection]
impl Count {
    #[handles(Placed)]
    async fn placed(&mut self, _: &Placed) {
        self.0 = "one";
    }
}

fn main() {}
