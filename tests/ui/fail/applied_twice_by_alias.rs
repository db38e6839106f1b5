//! Two methods that apply one event, one of them through an alias.

use eventsource::{DomainEvent, aggregate};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

type AlsoPlaced = Placed;

#[derive(Default)]
struct Order;

#[aggregate]
impl Order {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {}

    #[applies(AlsoPlaced)]
    fn placed_again(&mut self, _: &AlsoPlaced) {}
}

fn main() {}
