//! Six mistakes in one block: six errors, and none because of them.

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

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Closed {}

struct Count(u64);

#[projection(nmae = "count", version = 0)]
impl Count {
    #[handles(Placed)]
    fn by_value(self, _: &Placed) {}

    #[handles(Shipped)]
    fn no_event(&mut self) {}

    #[handles(Paid)]
    fn owned(&mut self, _: Paid) {}

    #[handles]
    fn which(&mut self, _: &Closed) {}

    fn helper(&self) -> u64 {
        self.0
    }
}

fn runs<U: eventsource::projection::UnitOfWork>(_: impl eventsource::projection::EventSubscriber<U>) {}

fn main() {
    let count = Count(0);
    let _: u64 = count.helper();
    runs::<eventsource::memory::MemoryUnit>(count);
}
