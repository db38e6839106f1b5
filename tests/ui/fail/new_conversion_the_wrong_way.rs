//! The new version becomes the old one, and not the other way round.

use eventsource::DomainEvent;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct PlacedV1 {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 2, from(PlacedV1))]
struct Placed {}

impl From<Placed> for PlacedV1 {
    fn from(_: Placed) -> Self {
        Self {}
    }
}

fn main() {}
