//! Errors that are no `HandlerError`, and what is written in their place.

use std::error::Error;

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Boxed(u64);

#[projection]
impl Boxed {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) -> Result<(), Box<dyn Error>> {
        self.0 += 1;
        Ok(())
    }
}

struct Waits(u64);

#[projection]
impl Waits {
    #[handles(Placed)]
    async fn placed(&mut self, _: &Placed) -> Result<(), Box<dyn Error + Send>> {
        self.0 += 1;
        Ok(())
    }
}

fn main() {}
