//! Marks by any path to the crate, between other attributes, with events by every kind of path.
#![deny(warnings)]

use eventsource as es;
use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

mod events {
    #[derive(serde::Serialize, serde::Deserialize, eventsource::DomainEvent)]
    #[event(aggregate = "Order")]
    pub struct Paid {}
}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Sent {}

trait Named {
    type Event;
}

impl Named for Count {
    type Event = Sent;
}

#[derive(Default)]
struct Count(u64);

#[cfg_attr(all(), es::projection)]
impl Count {
    /// Before,
    #[es::handles(crate::events::Paid)]
    /// and after.
    #[inline]
    #[doc = include_str!("../RUSTC")]
    pub(crate) async fn paid(&mut self, _: &events::Paid) {
        self.0 += 1;
    }

    #[eventsource::prelude::handles((Placed))]
    const fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }

    #[handles(<Count as Named>::Event)]
    fn sent(&mut self, _: &Event<Sent>) {
        self.0 += 1;
    }

    #[es::truncate]
    fn truncate(&mut self) {
        self.0 = 0;
    }
}

#[derive(Default)]
struct Order(u64);

#[es::aggregate]
impl Order {
    #[es::applies(self::Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

fn main() {
    assert_eq!(<Count as eventsource::projection::Projection>::DESCRIPTOR.events().len(), 3);
}
