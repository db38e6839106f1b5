//! Projections and aggregates whose type parameters lack bounds: one error each.

use std::marker::PhantomData;

use eventsource::{DomainEvent, aggregate, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct InMemory<T>(T);

#[projection]
impl<T> InMemory<T> {
    #[handles(Placed)]
    async fn placed(&mut self, _: &Placed) {}

    #[truncate]
    async fn truncate(&mut self) {}
}

struct Half<T, U>(T, U);

#[projection(effects)]
impl<T: Send + Sync, U> Half<T, U>
where
    U: Clone,
{
    #[handles(Placed)]
    async fn placed(&self, _: &Placed) {}
}

#[derive(Serialize, Deserialize)]
struct Stored<T>(T);

#[projection(snapshot)]
impl<T> Stored<T> {
    #[handles(Placed)]
    async fn placed(&mut self, _: &Placed) {}
}

#[derive(Default)]
struct State<T>(T);

#[aggregate(name = "Order")]
impl<T> State<T> {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

fn main() {
    let _ = PhantomData::<u8>;
}
