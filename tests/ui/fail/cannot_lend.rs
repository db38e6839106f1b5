//! A projection on a unit of work that does not lend what it asks for.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Conn;

struct Rows;

#[projection]
impl Rows {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: &mut Conn) {}
}

fn needs<U: eventsource::projection::UnitOfWork, P: eventsource::projection::EventSubscriber<U>>(_: P) {}

fn main() {
    needs::<eventsource::memory::MemoryUnit, _>(Rows);
}
