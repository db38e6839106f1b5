//! An exhaustive projection that does not decide about each event.

use eventsource::{DomainEvent, aggregate, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Shipped {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct NoteAdded {}

#[derive(Default)]
struct Order;

#[aggregate]
impl Order {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {}

    #[applies(Shipped)]
    fn shipped(&mut self, _: &Shipped) {}

    #[applies(NoteAdded)]
    fn noted(&mut self, _: &NoteAdded) {}
}

struct Count(u64);

#[projection(exhaustive = Order)]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

struct One(u64);

#[projection(exhaustive = Order, ignores(NoteAdded))]
impl One {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }

    #[cfg(any())]
    #[handles(Shipped)]
    fn shipped(&mut self, _: &Shipped) {}
}

fn main() {}
