//! A test that gives a projection and an aggregate events that are not theirs.

use eventsource::{DomainEvent, aggregate, projection, testing};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Shipped {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Cancelled {}

#[derive(Default)]
struct Count(u64);

#[projection]
impl Count {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }

    #[handles(Cancelled)]
    fn cancelled(&mut self, _: &Cancelled) {}
}

#[derive(Default)]
struct Order;

#[aggregate]
impl Order {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {}

    #[applies(Cancelled)]
    fn cancelled(&mut self, _: &Cancelled) {}
}

fn main() {
    testing::projection(Count::default()).given(Placed {}).when(Shipped {}).then(|count| assert_eq!(count.0, 1));
    testing::aggregate::<Order>().given(Shipped {}).when(Placed {}).then(|_| {});
}
