//! A repository that is asked for without `mut`, and one that is taken.

use eventsource::{DomainEvent, ReadModel, Repository, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

#[derive(ReadModel)]
struct Row {
    #[read_model(id)]
    id: u64,
}

struct Rows;

#[projection(read_models(Row))]
impl Rows {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: &Repository<Row>) {}
}

struct Taken;

#[projection(read_models(Row))]
impl Taken {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed, _: Repository<Row>) {}
}

fn main() {}
