//! Marks that were imported under other names.

use eventsource::{DomainEvent, Event, aggregate, applies as folds, handles as on, projection, truncate as clear};
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
    #[on(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }

    #[on(Shipped)]
    fn shipped(&mut self, _: &Event<Shipped>) {
        self.0 += 1;
    }
}

struct Cleared(u64);

#[projection]
impl Cleared {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }

    #[clear]
    fn truncate(&mut self) {
        self.0 = 0;
    }
}

#[derive(Default)]
struct Order;

#[aggregate]
impl Order {
    #[folds(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

fn main() {}
