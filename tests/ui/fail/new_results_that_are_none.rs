//! Results with errors that are none, with a value, and options.

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

struct Count(u64);

#[projection]
impl Count {
    #[handles(OrderPlaced)]
    async fn placed(&mut self, _: &OrderPlaced) -> Result<(), Box<dyn std::error::Error>> {
        self.0 += 1;
        Ok(())
    }

    #[handles(OrderShipped)]
    async fn shipped(&mut self, _: &OrderShipped) -> Result<u64, std::fmt::Error> {
        Ok(self.0)
    }

    #[handles(OrderLost)]
    async fn lost(&mut self, _: &OrderLost) -> Option<()> {
        None
    }
}

fn main() {}
