//! Methods of an aggregate that are not what applies an event.

use eventsource::{DomainEvent, Event, Metadata, aggregate};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Shipped {}

#[derive(Default)]
struct Order(u64);

#[aggregate]
impl Order {
    #[cfg(all())]
    #[applies(Placed)]
    async fn waits(&mut self, _: &Placed) {}

    #[cfg(all())]
    #[applies(Placed)]
    fn refuses(&mut self, _: &Placed) -> Result<(), String> {
        Ok(())
    }

    #[cfg(all())]
    #[applies(Placed)]
    fn asks(&mut self, _: &Placed, _: &Metadata) {}

    #[cfg(all())]
    #[applies(Placed)]
    fn is_stored(&mut self, _: &Event<Placed>) {}

    #[cfg(all())]
    #[applies(Placed)]
    fn takes(&mut self, _: Placed) {}

    #[cfg(all())]
    #[applies(Placed)]
    fn changes(&mut self, _: &mut Placed) {}

    #[cfg(all())]
    #[applies(Placed)]
    fn nothing(&mut self) {}

    #[cfg(all())]
    #[applies(Placed)]
    fn consumes(self, _: &Placed) {}

    #[cfg(all())]
    #[applies(Placed)]
    fn lonely(_: &Placed) {}

    #[cfg(all())]
    #[applies(Placed)]
    fn generic<T>(&mut self, _: &Placed) {}

    #[cfg(all())]
    #[applies]
    fn which(&mut self, _: &Placed) {}

    #[cfg(all())]
    #[applies(_)]
    fn any(&mut self, _: &Placed) {}

    #[cfg(all())]
    #[applies(Placed, Shipped)]
    fn two(&mut self, _: &Placed) {}

    #[cfg(all())]
    #[applies(Placed)]
    #[applies(Shipped)]
    fn two_marks(&mut self, _: &Placed) {}

    #[cfg(all())]
    #[applies(Self)]
    fn own(&mut self, _: &Self) {}
}

fn main() {}
