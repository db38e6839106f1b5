//! An older version that serde cannot read.

use eventsource::DomainEvent;
use serde::{Deserialize, Serialize};

struct PlacedV1 {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 2, from(PlacedV1))]
struct Placed {}

impl From<PlacedV1> for Placed {
    fn from(_: PlacedV1) -> Self {
        Self {}
    }
}

fn main() {}
