//! An event that serde does not know.

use eventsource::DomainEvent;

#[derive(DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

fn main() {}
