//! What a handler cannot take.

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

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct E {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct F {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct G {}

struct Conn;
struct Borrows<'a>(&'a str);

struct Rows;

#[projection]
impl Rows {
    #[handles(A)]
    fn changed(&self, _: &mut A) {}

    #[handles(B)]
    fn after(&self, _: &mut Conn, _: &B) {}

    #[handles(C)]
    fn owned(&self, _: &C, _: Conn) {}

    #[handles(D)]
    fn twice(&self, _: &D, _: &mut Conn, _: &mut Conn) {}

    #[handles(E)]
    fn borrows(&self, _: &E, _: &mut Borrows<'_>) {}

    #[handles(F)]
    fn forever(&self, _: &'static F, _: &'static mut Conn) {}

    #[handles(G)]
    fn maybe(&self, _: &G, #[cfg(all())] _: &mut Conn) {}

    #[truncate]
    fn truncate(&self, _: &eventsource::Metadata) {}
}

fn main() {}
