//! The event as its own older version.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 2, from(OrderPaid))]
struct OrderPaid {}

fn main() {}
