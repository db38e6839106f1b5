//! Words where texts belong, texts where types do, and a value without its option.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = Order)]
struct Unquoted {}

struct Named(u64);

#[projection("orders")]
impl Named {
    #[handles(OrderPlaced)]
    fn placed(&mut self, _: &OrderPlaced) {
        self.0 += 1;
    }
}

struct Count(u64);

#[projection(name = orders, exhaustive = "Order", read_models("rows"))]
impl Count {
    #[handles(OrderPlaced)]
    fn placed(&mut self, _: &OrderPlaced) {
        self.0 += 1;
    }
}

fn main() {}
