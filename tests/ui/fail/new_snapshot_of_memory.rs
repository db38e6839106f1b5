//! `memory` next to `snapshot`, which is memory already.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced {}

#[derive(Serialize, Deserialize)]
struct Count(u64);

#[projection(snapshot, memory)]
impl Count {
    #[handles(OrderPlaced)]
    fn placed(&mut self, _: &OrderPlaced) {
        self.0 += 1;
    }
}

fn main() {}
