//! A lifetime that the typed view does not have.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced {}

struct Count(u64);

#[projection]
impl Count {
    #[handles(OrderPlaced)]
    async fn placed(&mut self, _: &Event<'_, OrderPlaced>) {
        self.0 += 1;
    }
}

fn main() {}
