//! An event that borrows a text for ever.

use eventsource::DomainEvent;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {
    customer: &'static str,
}

fn main() {}
