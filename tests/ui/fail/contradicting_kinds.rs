//! Options that contradict what the handlers take, and each other.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Conn;

struct Memory;

#[projection(memory)]
impl Memory {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: &mut Conn) {}
}

struct Effects;

#[projection(effects, name = "effects")]
impl Effects {
    #[handles(Placed)]
    async fn placed(&mut self, _: &Placed) {}

    #[truncate]
    async fn truncate(&self, _: &mut Conn) {}
}

struct Both;

#[projection(memory, effects)]
impl Both {
    #[handles(Placed)]
    fn placed(&self, _: &Placed) {}
}

fn main() {}
