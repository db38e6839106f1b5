//! Older versions of events without a conversion.

use eventsource::DomainEvent;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 2)]
struct Second {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 3)]
struct Third {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 9)]
struct Ninth {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 4, from(_, ThirdV2))]
struct Fourth {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 2, from())]
struct Nothing {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", from(FirstV1))]
struct First {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 2, from(ManyV1, ManyV2))]
struct Many {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 2, from("TextV1"))]
struct Text {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 2, from((A, B)))]
struct Tuple {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 3, from(TailV1, ..))]
struct Tail {}

fn main() {}
