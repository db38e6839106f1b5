//! An exhaustive projection that handles or ignores the event of another aggregate.

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

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Invoice")]
struct Paid {}

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

#[projection(exhaustive = Order, ignores(NoteAdded, Shipped))]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {}

    #[handles(Paid)]
    fn paid(&mut self, _: &Paid) {
        self.0 += 1;
    }
}

struct Notes(u64);

#[projection(exhaustive = Order, ignores(Placed, Shipped, Paid))]
impl Notes {
    #[handles(NoteAdded)]
    fn noted(&mut self, _: &NoteAdded) {
        self.0 += 1;
    }
}

fn main() {}
