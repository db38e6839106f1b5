//! A test in memory of a projection that asks for a connection.

use eventsource::{DomainEvent, projection, testing};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Connection;

struct Rows;

#[projection]
impl Rows {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: &mut Connection) {}
}

fn main() {
    let _ = testing::projection(Rows);
}
