//! What stands where the event does, and is none, or cannot be it.

use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderShipped {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderLost {}

mod events {
    #[derive(serde::Serialize, serde::Deserialize, eventsource::DomainEvent)]
    #[event(aggregate = "Order")]
    pub struct Paid {}
}

struct Count(u64);

#[projection]
impl Count {
    #[handles(crate::events::Paid)]
    fn paid(&mut self, _: &mut events::Paid) {
        self.0 += 1;
    }

    #[handles(OrderPlaced)]
    fn placed(&mut self, _: &RecordedEvent) {
        self.0 += 1;
    }

    #[handles(OrderShipped)]
    fn shipped(&mut self, _: &OrderShipped, _: &Event<OrderShipped>) {
        self.0 += 1;
    }

    #[handles(OrderLost)]
    fn lost(&mut self, _: std::sync::Arc<OrderLost>) {
        self.0 += 1;
    }
}

#[derive(Default)]
struct Order(u64);

#[aggregate]
impl Order {
    #[applies(OrderPlaced)]
    fn placed(&mut self, _: &RecordedEvent) {
        self.0 += 1;
    }
}

fn main() {}
