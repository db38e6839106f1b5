//! Versions: a chain, a gap, the same shape, out of a macro, and aliases.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

mod old {
    #[derive(serde::Deserialize)]
    pub(super) struct PlacedV1 {
        pub(super) total: u64,
    }
}

#[derive(Deserialize)]
struct PlacedV3 {
    cents: u64,
}

impl From<old::PlacedV1> for PlacedV3 {
    fn from(old: old::PlacedV1) -> Self {
        Self { cents: old.total * 100 }
    }
}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 5, from(old::PlacedV1, _, PlacedV3, Self), aliases("placed"))]
struct Placed {
    cents: u64,
}

impl From<PlacedV3> for Placed {
    fn from(old: PlacedV3) -> Self {
        Self { cents: old.cents }
    }
}

/// It was never stored before version 3.
#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", version = 3, from(..))]
struct Young {}

macro_rules! versioned {
    ($event:ident from $old:ty) => {
        #[derive(Serialize, Deserialize, DomainEvent)]
        #[event(aggregate = "Order", version = 2, from($old))]
        struct $event {}

        impl From<$old> for $event {
            fn from(_: $old) -> Self {
                Self {}
            }
        }
    };
}

#[derive(Deserialize)]
struct ShippedV1 {}

versioned!(Shipped from ShippedV1);

struct Count(u64);

#[projection]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, event: &Placed) {
        self.0 += event.cents;
    }

    #[handles(Shipped)]
    fn shipped(&mut self, _: &Shipped) {}
}

fn main() {
    assert!(matches!(Placed::upcast(1, r#"{"total":2}"#), Some(Ok(Placed { cents: 200 }))));
    assert!(matches!(Placed::upcast(4, r#"{"cents":2}"#), Some(Ok(Placed { cents: 2 }))));
    assert!(Placed::upcast(2, "{}").is_none());
    assert!(Shipped::upcast(1, "{}").is_some());
    assert!(Young::upcast(1, "{}").is_none());
    let _ = Count(0);
}
