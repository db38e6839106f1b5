//! Older versions that do not become the next one.

use eventsource::DomainEvent;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct PlacedV1 {}

#[derive(Deserialize)]
struct PlacedV2 {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 3, from(PlacedV1, PlacedV2))]
struct Placed {}

// The first one becomes the third, but the second is missing.
impl From<PlacedV1> for Placed {
    fn from(_: PlacedV1) -> Self {
        Self {}
    }
}

impl From<PlacedV2> for Placed {
    fn from(_: PlacedV2) -> Self {
        Self {}
    }
}

fn main() {}
