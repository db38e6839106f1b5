//! Handlers behind a `cfg`, on and off: nothing that is off is asked for.

use eventsource::memory::MemoryUnit;
use eventsource::projection::{EventSubscriber, Subscriber, UnitOfWork};
use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
#[cfg(all())]
struct Shipped {}

struct Off;

#[projection]
impl Off {
    #[cfg(not(all()))]
    #[handles(NoSuchEvent)]
    async fn off(&self, _: &NoSuchEvent, _: &mut NoSuchThing) {}

    #[cfg(all())]
    #[cfg(not(any()))]
    #[handles(Placed)]
    fn on(&self, _: &Placed) {}

    // The same event twice, one of them off.
    #[handles(Shipped)]
    #[cfg(any())]
    fn shipped(&self, _: &Shipped) {}

    #[handles(Shipped)]
    #[cfg(all())]
    fn shipped(&self, _: &Shipped) {}

    #[cfg(any())]
    #[truncate]
    fn truncate(&self, _: &mut NoSuchThing) {}

    #[cfg(not(any()))]
    #[truncate]
    fn truncate(&self) {}
}

fn runs<U: UnitOfWork>(_: impl EventSubscriber<U>) {}

fn main() {
    let filter = Off.subscribed_to();
    assert!(filter.event_types().unwrap().eq(["Placed", "Shipped"]));
    runs::<MemoryUnit>(Off);
}
