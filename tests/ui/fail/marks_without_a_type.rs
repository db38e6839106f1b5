//! A function, a module, a constant and a macro in place of an event.

use eventsource::{DomainEvent, Event, aggregate, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

mod events {
    use super::*;

    #[derive(Serialize, Deserialize, DomainEvent)]
    #[event(aggregate = "Order")]
    pub struct Shipped {}
}

fn placed() {}

const PLACED: &str = "Placed";

struct Count(u64);

#[projection]
impl Count {
    #[handles(placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }

    #[handles(events)]
    fn shipped(&mut self, _: &Event<events::Shipped>) {
        self.0 += 1;
    }

    #[handles(PLACED)]
    fn constant(&mut self, _: &Event<Placed>) {
        self.0 += 1;
    }
}

#[derive(Default)]
struct Order;

#[aggregate]
impl Order {
    #[applies(placed)]
    fn placed(&mut self, _: &Placed) {}
}

fn main() {
    placed();
    let _ = PLACED;
}
