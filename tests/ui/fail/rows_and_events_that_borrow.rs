//! Events and rows with lifetimes, and rows with an `Rc`: one error a field.

use std::borrow::Cow;
use std::rc::Rc;

use eventsource::{DomainEvent, ReadModel};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed<'a> {
    by: &'a str,
}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Noted<'a> {
    #[serde(borrow)]
    note: Cow<'a, str>,
}

#[derive(ReadModel)]
struct Borrows<'a> {
    #[read_model(id)]
    id: u64,
    note: Cow<'a, str>,
}

#[derive(ReadModel)]
struct Shares {
    #[read_model(id)]
    id: Rc<str>,
    tags: Vec<Rc<str>>,
    #[read_model(json)]
    more: std::rc::Rc<Vec<u8>>,
}

fn main() {}
