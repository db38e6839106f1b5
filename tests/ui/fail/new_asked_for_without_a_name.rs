//! Parameters of types that have no name.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderShipped {}

struct Rows;

#[projection]
impl Rows {
    #[handles(OrderPlaced)]
    fn placed(&self, _: &OrderPlaced, _: &mut [u8]) {}

    #[handles(OrderShipped)]
    fn shipped(&self, _: &OrderShipped, _: &mut dyn std::any::Any) {}
}

fn main() {}
