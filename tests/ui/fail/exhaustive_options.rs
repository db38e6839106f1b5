//! `exhaustive` and `ignores` that contradict what is written.

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

struct Alone(u64);

#[projection(ignores(Shipped))]
impl Alone {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

struct Both(u64);

#[projection(exhaustive = Order, ignores(Placed, Shipped, Shipped))]
impl Both {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

struct Nothing(u64);

#[projection(exhaustive())]
impl Nothing {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

struct Bare(u64);

#[projection(exhaustive, ignores)]
impl Bare {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

struct Texts(u64);

#[projection(exhaustive = "Order", ignores = [Shipped])]
impl Texts {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

struct Own(u64);

#[projection(exhaustive(Order, Self))]
impl Own {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

fn main() {}
