//! The crate under another name, and another module under its own.

extern crate eventsource as es;

use es::{DomainEvent, aggregate, projection};
use serde::{Deserialize, Serialize};

/// It is not the crate.
#[allow(dead_code)]
mod eventsource {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order", crate = es)]
struct Placed {}

#[derive(Default)]
struct Order;

#[aggregate(crate = es)]
impl Order {
    #[es::applies(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

struct Count(u64);

#[projection(crate = es)]
impl Count {
    #[es::handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }

    #[es::truncate]
    fn truncate(&mut self) {
        self.0 = 0;
    }
}

fn main() {
    let _ = Count(0);
}
