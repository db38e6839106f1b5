//! A receiver that is not first.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced {}

struct Count(u64);

#[projection]
impl Count {
    #[handles(OrderPlaced)]
    fn placed(_: &OrderPlaced, &mut self) {}
}

fn main() {}
