//! A body that is being typed: the compiler's own error, and no other.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Shipped {}

struct Count(u64);

#[projection]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, event: &Placed) {
        let _total = event.;
    }

    #[handles(Shipped)]
    fn shipped(&mut self, _: &Shipped) {
        self.0 += 1;
    }
}

fn runs<U: eventsource::projection::UnitOfWork>(_: impl eventsource::projection::EventSubscriber<U>) {}

fn main() {
    runs::<eventsource::memory::MemoryUnit>(Count(0));
}
