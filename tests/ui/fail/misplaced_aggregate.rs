//! `#[aggregate]` and `#[applies]` where they have nothing to do.

use eventsource::{DomainEvent, aggregate};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[aggregate]
struct Order;

trait Folds {
    fn placed(&mut self, event: &Placed);
}

#[derive(Default)]
struct Folded;

#[aggregate]
impl Folds for Folded {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

#[derive(Default)]
struct Alone;

impl Alone {
    #[eventsource::applies(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

#[derive(Default)]
struct Empty;

#[aggregate]
impl Empty {
    fn placed(&mut self, _: &Placed) {}
}

#[aggregate]
impl [Empty] {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

#[derive(Default)]
struct Borrowing<'a>(&'a str);

#[aggregate]
impl<'a> Borrowing<'a> {
    #[applies(Placed)]
    fn placed(&mut self, _: &Placed) {}
}

#[derive(Default)]
struct Macros;

macro_rules! applies_placed {
    () => {};
}

#[aggregate]
impl Macros {
    applies_placed!();

    #[cfg_attr(all(), applies(Placed))]
    fn placed(&mut self, _: &Placed) {}

    #[applies(Placed)]
    const PLACED: u8 = 1;
}

fn main() {}
