//! No lint fires in a user's code.

#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub, unused_qualifications, unused_results)]
#![deny(single_use_lifetimes, elided_lifetimes_in_paths, trivial_casts, unused_lifetimes, non_local_definitions)]

use eventsource::{DomainEvent, aggregate, projection};
use serde::{Deserialize, Serialize};

/// What version 1 was.
#[derive(Debug, Deserialize)]
pub struct PlacedV1 {}

/// An event.
#[derive(Debug, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 2, from(PlacedV1), aliases("placed"))]
pub struct Placed {}

impl From<PlacedV1> for Placed {
    fn from(_: PlacedV1) -> Self {
        Self {}
    }
}

/// An aggregate.
#[derive(Debug, Default)]
pub struct Order(u64);

#[aggregate]
impl Order {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

/// A projection.
#[derive(Debug)]
pub struct Count(u64);

#[projection(exhaustive = Order)]
impl Count {
    /// Counts.
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

fn main() {
    let _ = (Order::default().0, Count(0).0);
}
