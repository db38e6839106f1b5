//! Something that is asked of the event, which does not have it.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Conn;

struct Rows;

#[projection(effects)]
impl Rows {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: &Conn) {}
}

fn main() {}
