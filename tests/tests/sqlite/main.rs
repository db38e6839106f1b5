//! SQLite: the file, the log in it, and the unit of work.

#![allow(clippy::unwrap_used, clippy::panic)]

mod ended;
mod fixture;
mod left_behind;
mod log;
mod opening;
mod packed;
mod scope;
mod sharing;
mod unit;
mod world;

use std::path::Path;

use eventsource::sqlite::{SqliteDatabase, SqliteEventStore};
use eventsource::{NewEvent, StreamId};
use uuid::Uuid;

pub(crate) fn order() -> StreamId {
    StreamId::new("Order", Uuid::now_v7())
}

pub(crate) fn placed() -> Vec<NewEvent> {
    vec![NewEvent::raw("OrderPlaced", 1, "{}")]
}

pub(crate) async fn open(path: &Path) -> (SqliteDatabase, SqliteEventStore) {
    let db = SqliteDatabase::open(path).await.unwrap();
    let store = SqliteEventStore::new(&db);
    (db, store)
}
