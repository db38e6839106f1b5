//! Durable memory that cannot be.
use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced {}

struct Effects;

#[projection(effects, snapshot)]
impl Effects {
    #[handles(OrderPlaced)]
    async fn placed(&self, _: &OrderPlaced) {}
}

#[derive(Default)]
struct Unknown(u64);

#[projection(snapshot)]
impl Unknown {
    #[handles(OrderPlaced)]
    fn placed(&mut self, _: &OrderPlaced) {
        self.0 += 1;
    }
}

fn main() {}
