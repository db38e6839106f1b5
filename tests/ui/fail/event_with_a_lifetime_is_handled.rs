//! An event that borrows, and a projection that handles it.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced<'a> {
    note: &'a str,
}

struct Count(u64);

#[projection]
impl Count {
    #[handles(OrderPlaced)]
    fn placed(&mut self, _: &OrderPlaced) {
        self.0 += 1;
    }
}

fn main() {}
