//! A handler whose future stays on its thread.

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
        let shared = std::rc::Rc::new(1);
        std::future::ready(()).await;
        self.0 += *shared;
    }
}

fn main() {}
