//! Command ids: a store that refuses an event whose id it holds stores each command once.

use std::convert::Infallible;
use std::sync::Arc;

use uuid::Uuid;

use super::events::OrderPlaced;
use super::violation::{ensure, ensure_eq};
use super::{Verdict, Violation};
use crate::aggregate::{Aggregate, AggregateRepository, AggregateRoot, Applies};
use crate::bus::MemoryEventBus;
use crate::event::StreamId;
use crate::store::{EventStore, ReadStream};

#[derive(Default)]
struct Order;

impl Aggregate for Order {
    const TYPE: &'static str = "Order";
    type Events = (OrderPlaced,);
}

impl Applies<OrderPlaced> for Order {
    fn apply(&mut self, _: &OrderPlaced) {}
}

type Store = Arc<dyn EventStore>;

/// A repository, as another process would have it.
fn orders(store: &Store) -> AggregateRepository<Order> {
    AggregateRepository::new(Arc::clone(store), MemoryEventBus::new())
}

fn place(_: &mut AggregateRoot<Order>) -> Result<Vec<OrderPlaced>, Infallible> {
    Ok(vec![OrderPlaced, OrderPlaced])
}

async fn stored(store: &Store, id: Uuid) -> Result<usize, Violation> {
    Ok(store.read_stream(&StreamId::new("Order", id), ReadStream::forward()).await?.len())
}

pub(super) async fn a_repeated_command_answers_the_first_result(store: Store) -> Verdict {
    let (id, command) = (Uuid::now_v7(), Uuid::now_v7());
    let first = orders(&store).execute(id, place).command_id(command).await?;
    ensure!(!first.is_repeated, "the first execution of a command counts as a repeated one");
    orders(&store).execute(id, place).command_id(Uuid::now_v7()).await?;
    let again = orders(&store).execute(id, place).command_id(command).await?;
    ensure!(again.is_repeated, "a command was executed twice");
    ensure_eq!(again.events, first.events, "the events that a repeated command answers");
    ensure_eq!((again.version, again.position), (first.version, first.position), "where a repeated command was stored");
    ensure_eq!(stored(&store, id).await?, 4, "the events of two commands, one of them repeated");
    Ok(())
}

pub(super) async fn a_command_executed_at_the_same_time_is_stored_once(store: Store) -> Verdict {
    let (id, command) = (Uuid::now_v7(), Uuid::now_v7());
    let executions = (0..8).map(|_| {
        let orders = orders(&store);
        tokio::spawn(async move { orders.execute(id, place).command_id(command).await })
    });
    let mut versions = Vec::new();
    for execution in executions.collect::<Vec<_>>() {
        versions.push(execution.await??.version);
    }
    ensure_eq!(versions, [2; 8], "the versions that executions of one command answer");
    ensure_eq!(stored(&store, id).await?, 2, "the events of one command");
    Ok(())
}
