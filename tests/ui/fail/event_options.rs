//! Options of an event that are misspelt, missing their value, given twice or out of range.

use eventsource::DomainEvent;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(agregate = "Order", nmae = "placed", verison = 2)]
struct Misspelt {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", stream = "orders", version)]
struct Unknown {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 0)]
#[event(aggregate = "Order", name("placed"), crate = "eventsource")]
struct Twice {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event = "Order"]
struct NoParentheses {}

fn main() {}
