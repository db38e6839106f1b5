//! No lint fires in a user's code because of what is generated.

#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub, unused_qualifications)]
#![deny(single_use_lifetimes, elided_lifetimes_in_paths, trivial_casts, unused_lifetimes, unused_results)]
#![deny(non_local_definitions, let_underscore_drop, unit_bindings)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]

use eventsource::{DomainEvent, Event, HandlerError, projection};
use serde::{Deserialize, Serialize};

/// An event.
#[derive(Debug, Clone, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
pub struct Placed {
    /// What it costs.
    pub total: u64,
}

/// An event without anything.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", name = "order.shipped", version = 2)]
pub struct Shipped;

/// A projection.
#[derive(Debug, Default)]
pub struct Total(u64);

#[projection]
impl Total {
    #[handles(Placed)]
    fn placed(&mut self, event: &Event<Placed>, _: &eventsource::Metadata) -> Result<(), HandlerError> {
        self.0 = self.0.checked_add(event.total).ok_or_else(|| HandlerError::permanent("too much"))?;
        Ok(())
    }

    #[handles(Shipped)]
    fn shipped(&mut self, _: &Shipped) {
        self.0 = self.0.saturating_sub(1);
    }

    #[truncate]
    fn truncate(&mut self) {
        self.0 = 0;
    }
}

fn main() {
    let total = Total::default();
    assert_eq!(total.0, 0);
}
