//! An event that is derived twice, and an alias that is derived.

use eventsource::DomainEvent;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(DomainEvent)]
#[event(aggregate = "Order")]
type Shipped = Placed;

fn main() {}
