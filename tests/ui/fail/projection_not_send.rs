//! A projection that stays on its thread.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Count(std::rc::Rc<u64>);

#[projection]
impl Count {
    #[handles(Placed)]
    async fn placed(&mut self, _: &Placed) {
        self.0 = std::rc::Rc::new(1);
    }
}

fn main() {}
