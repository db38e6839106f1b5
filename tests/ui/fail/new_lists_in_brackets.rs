//! Types in brackets, by reference, or with their repository.

use eventsource::ReadModel;
use eventsource::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced {}

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderShipped {}

#[derive(Default)]
struct Order;

#[aggregate]
impl Order {
    #[applies(OrderPlaced)]
    fn placed(&mut self, _: &OrderPlaced) {}

    #[applies(OrderShipped)]
    fn shipped(&mut self, _: &OrderShipped) {}
}

struct Count(u64);

#[projection(exhaustive = [Order], ignores = &OrderShipped)]
impl Count {
    #[handles(OrderPlaced)]
    fn placed(&mut self, _: &OrderPlaced) {
        self.0 += 1;
    }
}

#[derive(ReadModel)]
struct Row {
    #[read_model(id)]
    id: i64,
}

struct Rows;

#[projection(read_models(Repository<Row>))]
impl Rows {
    #[handles(OrderPlaced)]
    async fn placed(&self, _: &OrderPlaced, _: &mut Repository<Row>) {}
}

fn main() {}
