//! A hook that takes what is lent, one that is marked twice, a handler of which the body is missing, and one without event.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Connection;

struct Rows;

#[projection]
impl Rows {
    #[handles(Placed)]
    fn placed(&self, _: &mut Connection) {}

    #[truncate]
    #[truncate]
    fn truncate(&self, _: Connection) {}
}

struct Marked;

#[projection]
impl Marked {
    #[cfg_attr(all(), handles(Placed))]
    fn placed(&mut self, _: &Placed) {}
}

fn main() {}
