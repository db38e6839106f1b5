//! `#[projection]` on what is no inherent impl block.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[projection]
struct Count(u64);

#[projection]
impl Default for Count {
    #[handles(Placed)]
    fn default() -> Self {
        Self(0)
    }
}

#[projection]
trait Counts {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed);
}

#[projection]
fn placed(_: &Placed) {}

fn main() {
    let _ = Count::default().0;
    placed(&Placed {});
}
