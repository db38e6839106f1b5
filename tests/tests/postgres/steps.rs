//! What the adversaries of the log do: they append, inside and outside a transaction, and read.

use eventsource::postgres::PostgresEventStore;
use eventsource::prelude::*;
use eventsource::sqlx::PgConnection;
use uuid::Uuid;

use crate::world::World;

pub(crate) fn order() -> StreamId {
    StreamId::new("Order", Uuid::now_v7())
}

pub(crate) fn placed(count: usize) -> Vec<NewEvent> {
    (0..count).map(|_| NewEvent::raw("OrderPlaced", 1, "{}")).collect()
}

pub(crate) async fn append(store: &PostgresEventStore) -> Position {
    store.append(&order(), ExpectedVersion::NoStream, placed(1)).await.unwrap().position()
}

pub(crate) async fn append_in(store: &PostgresEventStore, conn: &mut PgConnection) -> Position {
    store.append_in(conn, &order(), ExpectedVersion::NoStream, placed(1)).await.unwrap().position()
}

/// What a reader is given after `after`, and the horizon.
pub(crate) async fn read(store: &PostgresEventStore, after: Position) -> (Vec<Position>, Position) {
    let page = store.read_log(after, &EventFilter::all(), PageLimit::events(10_000)).await.unwrap();
    (page.events.iter().map(|event| event.position()).collect(), page.horizon)
}

pub(crate) async fn readable(store: &PostgresEventStore) -> Vec<Position> {
    read(store, Position::START).await.0
}

pub(crate) async fn store_is_free(world: &World) -> bool {
    world.store.horizon_holders().await.unwrap().is_empty()
}
