//! Options of an event on one of its fields.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPaid {
    #[event(name = "total")]
    total_amount: u64,
}

fn main() {}
