//! What a handler cannot be.

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

struct Count(u64);

#[projection]
impl Count {
    #[handles(A)]
    fn generic<T>(&mut self, _: &A) {}

    #[handles(B)]
    fn any(&mut self, _: &B, _: &mut impl Send) {}

    #[handles(C)]
    unsafe fn danger(&mut self, _: &C) {}

    #[handles(D)]
    extern "C" fn foreign(&mut self, _: &D) {}
}

fn main() {}
