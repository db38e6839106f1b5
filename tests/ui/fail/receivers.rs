//! How a handler cannot take the projection.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Shipped {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Paid {}

struct Count(u64);

#[projection]
impl Count {
    #[handles(Placed)]
    fn placed(_: &Placed) {}

    #[handles(Shipped)]
    fn shipped(self, _: &Shipped) {}

    #[handles(Paid)]
    fn paid(self: Box<Self>, _: &Paid) {}

    #[truncate]
    fn truncate(self) {}
}

fn main() {}
