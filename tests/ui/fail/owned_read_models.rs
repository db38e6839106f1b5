//! `read_models(…)` next to what contradicts it.

use eventsource::{DomainEvent, ReadModel, Repository, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(ReadModel)]
struct Row {
    #[read_model(id)]
    id: i64,
}

struct Plain;

struct Hooked;

#[projection(read_models(Row))]
impl Hooked {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: &mut Repository<Row>) {}

    #[truncate]
    async fn truncate(&self, _: &mut Repository<Row>) {}
}

struct Memory;

#[projection(memory, read_models(Row))]
impl Memory {
    #[handles(Placed)]
    fn placed(&self, _: &Placed) {}
}

struct Changes(u64);

#[projection(read_models(Row))]
impl Changes {
    #[handles(Placed)]
    fn placed(&mut self, _: &Placed) {
        self.0 += 1;
    }
}

struct Nothing;

#[projection(read_models)]
impl Nothing {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: &mut Repository<Row>) {}
}

struct Twice;

#[projection(read_models(Row, Row))]
impl Twice {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: &mut Repository<Row>) {}
}

struct NoModel;

#[projection(read_models(Row, Plain))]
impl NoModel {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: &mut Repository<Row>) {}
}

fn main() {}
