//! What `#[handles]` does not take.

use eventsource::{DomainEvent, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct A {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct B {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct C {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct D {}

struct Count<T>(T);

#[projection]
impl<T: Send + Sync + 'static> Count<T> {
    #[handles(A, B)]
    fn several(&mut self, _: &A) {}

    #[handles(C)]
    #[handles(D)]
    fn stacked(&mut self, _: &C) {}

    #[handles(_)]
    fn every(&mut self, _: &A) {}

    #[handles()]
    fn none(&mut self, _: &A) {}

    #[handles = "A"]
    fn text(&mut self, _: &A) {}

    #[handles(&A)]
    fn reference(&mut self, _: &A) {}

    #[handles(Wrapped<T>)]
    fn wrapped(&mut self, _: &A) {}

    #[handles(A)]
    const NO_METHOD: u64 = 1;
}

fn main() {}
