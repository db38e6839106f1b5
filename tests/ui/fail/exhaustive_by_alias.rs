//! Events that are handled and ignored, or ignored twice, through an alias.

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

type AlsoPlaced = Placed;
type AlsoShipped = Shipped;

struct Count(u64);

#[projection(exhaustive = Order, ignores(AlsoPlaced, Shipped, AlsoShipped, NoteAdded))]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

fn main() {}
