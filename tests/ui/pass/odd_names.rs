//! Names that could meet those of generated code.

use eventsource::{DomainEvent, Event, ReadModel, aggregate, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "type")]
#[allow(non_camel_case_types)]
struct r#struct {
    r#type: u8,
    row: u8,
    env: u8,
    cx: u8,
    self_: u8,
    payload: u8,
    event: u8,
    version: u8,
    __event: u8,
}

#[derive(ReadModel)]
struct Values {
    #[read_model(id)]
    id: u64,
    value: i64,
    values: i64,
    fields: i64,
}

struct P(u64);

#[projection]
impl P {
    #[handles(r#struct)]
    fn r#match(&mut self, __recorded: &Event<r#struct>) {
        self.0 += u64::from(__recorded.r#type);
    }

    fn handle(&self) {}

    fn name(&self) {}

    fn version(&self) {}

    fn subscribed_to(&self) {}
}

#[derive(Default)]
struct Type(u8);

#[aggregate(name = "type")]
impl Type {
    #[applies(r#struct)]
    fn apply(&mut self, r#struct { r#type, .. }: &r#struct) {
        self.0 = *r#type;
    }
}

fn main() {
    let projection = P(0);
    projection.handle();
    projection.name();
    projection.version();
    projection.subscribed_to();
    let _ = Values { id: 0, value: 0, values: 0, fields: 0 };
    let _ = Type(0).0;
}
