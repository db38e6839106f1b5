//! Marks without a projection around them.

use eventsource::DomainEvent;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

use eventsource::{handles, truncate};

struct Count(u64);

impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }

    #[truncate]
    fn truncate(&mut self) {
        self.0 = 0;
    }
}

fn main() {
    let mut count = Count(0);
    count.placed(&Placed {});
    count.truncate();
}
