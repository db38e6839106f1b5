//! The typed view of an event in place of the event, with and without a turbofish.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderShipped {}

struct Count(u64);

#[projection]
impl Count {
    #[handles(Event<OrderPlaced>)]
    fn placed(&mut self, _: &Event<OrderPlaced>) {
        self.0 += 1;
    }

    #[handles(Event::<OrderShipped>)]
    fn shipped(&mut self, _: &OrderShipped) {
        self.0 += 1;
    }
}

fn main() {}
