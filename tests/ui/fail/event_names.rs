//! Stored names that are none.

use eventsource::DomainEvent;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", name = "order placed")]
struct Space {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "1Order", name = "")]
struct Empty {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", name = concat!("a", "b"))]
struct NoLiteral {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Größe {}

fn main() {}
