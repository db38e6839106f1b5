//! A projection whose type parameter may borrow.

use std::marker::PhantomData;

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Effects<T>(PhantomData<fn() -> T>);

#[projection(effects)]
impl<T> Effects<T> {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed) {}
}

fn main() {}
