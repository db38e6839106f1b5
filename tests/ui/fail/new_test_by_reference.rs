//! A test that lends its event.

use eventsource::{DomainEvent, projection, testing};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Default)]
struct Count(u64);

#[projection]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

fn main() {
    testing::projection(Count::default()).when(&Placed {}).then(|count| assert_eq!(count.0, 1));
}
