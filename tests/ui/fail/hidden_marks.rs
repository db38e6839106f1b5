//! Marks that the macro does not see.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

macro_rules! handlers {
    ($event:ty) => {
        fn hidden(&mut self, _: &$event) {}
    };
}

struct Count(u64);

#[projection]
impl Count {
    #[cfg_attr(all(), handles(Placed))]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }

    handlers!(Placed);
}

fn main() {}
