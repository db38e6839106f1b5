//! A handler that returns a future and is not async.

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
    fn placed(&mut self, _: &Placed) -> impl Future<Output = ()> + use<> {
        async {}
    }

    #[handles(Shipped)]
    fn shipped(&mut self, _: &Shipped) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async {})
    }
}

fn main() {}
