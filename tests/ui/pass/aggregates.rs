//! Aggregates: generic, behind a `cfg`, out of a macro, named, with helpers.

use eventsource::aggregate::EventsOf;
use eventsource::{Aggregate, AggregateRoot, DomainEvent, aggregate};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "order")]
struct Placed {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "order")]
struct Shipped {}

#[derive(Default)]
struct Order<T>(T);

#[aggregate(name = "order")]
impl<T> Order<T>
where
    T: Default + From<u8> + Send + Sync + 'static,
{
    /// What decides.
    fn place(&self) -> Result<Placed, String> {
        Ok(Placed {})
    }

    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 = 1.into();
    }

    #[cfg(all())]
    #[eventsource::applies(self::Shipped)]
    const fn shipped(&self, _: &Shipped) -> () {}

    #[cfg(any())]
    #[applies(NoSuchEvent)]
    fn never(&mut self, _: &NoSuchEvent) {}
}

macro_rules! aggregate_of {
    ($ty:ident, $name:literal, $event:ty, $method:ident) => {
        #[derive(Default)]
        struct $ty;

        #[aggregate(name = $name)]
        impl $ty {
            #[applies($event)]
            fn $method(&mut self, _: &$event) {}
        }
    };
}

aggregate_of!(Other, "order", Shipped, shipped);

fn main() {
    let mut order = AggregateRoot::<Order<u64>>::new(Default::default());
    order.record(order.place().unwrap());
    order.record(Shipped {});
    assert_eq!((order.0, order.version()), (1, 2));
    type Events = <Order<u8> as Aggregate>::Events;
    assert_eq!(<Events as EventsOf<Order<u8>>>::EVENTS.len(), 2);
    assert_eq!(Other::TYPE, "order");
}
