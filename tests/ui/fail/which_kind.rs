//! Handlers that do not say where their effects go.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Count(std::sync::Mutex<u64>);

#[projection]
impl Count {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed) {}
}

fn main() {}
