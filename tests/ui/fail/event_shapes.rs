//! What an event cannot be. A projection that handles it has no errors of its own.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
enum Status {
    Placed,
    Shipped,
}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Tuple(u64, String);

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Generic<T> {
    value: T,
}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Borrowed<'a> {
    value: &'a str,
}

#[derive(Clone, Copy, DomainEvent)]
#[event(aggregate = "Order")]
union Union {
    value: u64,
}

struct Count(u64);

#[projection]
impl Count {
    #[handles(Status)]
    fn status(&mut self, _: &Status) {
        self.0 += 1;
    }

    #[handles(Tuple)]
    fn tuple(&mut self, _: &Tuple) {
        self.0 += 1;
    }

    #[handles(Generic<u64>)]
    fn generic(&mut self, _: &Generic<u64>) {
        self.0 += 1;
    }
}

fn main() {}
