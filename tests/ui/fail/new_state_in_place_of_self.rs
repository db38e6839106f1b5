//! The state as a parameter, as a fold has it.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced {}

#[derive(Default)]
struct Order(u64);

struct Count(u64);

#[projection]
impl Count {
    #[handles(OrderPlaced)]
    fn placed(state: &mut Count, _: &OrderPlaced) {
        state.0 += 1;
    }
}

#[aggregate]
impl Order {
    #[applies(OrderPlaced)]
    fn placed(state: Order, _: &OrderPlaced) -> Self {
        state
    }
}

fn main() {}
