//! Receivers that name the type.

use std::sync::Arc;

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Shipped {}

struct Count(u64);

#[projection]
impl Count {
    #[handles(Placed)]
    fn placed(self: &mut Count, _: &Placed) {}

    #[handles(Shipped)]
    fn shipped(self: Arc<Self>, _: &Shipped) {}
}

fn main() {}
