//! What a handler cannot return.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Shipped {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Paid {}

struct Count(u64);

#[projection]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) -> u32 {
        7
    }

    #[handles(Shipped)]
    async fn shipped(&mut self, _: &Shipped) -> Result<u32, std::fmt::Error> {
        Ok(7)
    }

    #[handles(Paid)]
    async fn paid(&mut self, _: &Paid) -> Result<(), String> {
        Ok(())
    }
}

fn main() {}
