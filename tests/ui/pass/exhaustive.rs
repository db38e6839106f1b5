//! Exhaustive projections: of one aggregate and of two, by alias, and behind a `cfg`.

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

#[derive(Default)]
struct Invoice;

#[aggregate]
impl Invoice {
    #[applies(Paid)]
    fn paid(&mut self, _: &Paid) {}
}

struct Some(u64);

#[projection(exhaustive = Order, ignores(NoteAdded))]
impl Some {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }

    #[handles(Shipped)]
    fn shipped(&mut self, _: &Shipped) {}
}

type Note = NoteAdded;

struct Both<T>(T);

#[projection(memory, exhaustive(Order, self::Invoice), ignores(Note, crate::Placed))]
impl<T: Send + Sync + 'static> Both<T> {
    #[handles(Shipped)]
    fn shipped(&self, _: &Shipped) {}

    #[cfg(all())]
    #[handles(Paid)]
    fn paid(&self, _: &Paid) {}

    #[cfg(any())]
    #[handles(Placed)]
    fn placed(&self, _: &Placed) {}
}

fn main() {
    let _ = (Some(0), Both(0));
}
