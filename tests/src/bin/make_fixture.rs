//! Makes the database file that `tests/tests/sqlite/fixture.rs` opens: `cargo run --bin make_fixture -- FILE`.
//!
//! A fixture belongs to the schema version that made it and is never made again: it shows that later versions of the
//! code open what this one has written.

use std::error::Error;

use chrono::DateTime;
use eventsource::event::truncate_to_micros;
use eventsource::projection::{CheckpointReset, CheckpointStore, CheckpointUpdate, Claim, UnitOfWork};
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteOptions};
use eventsource::{EventStore, ExpectedVersion, Metadata, NewEvent, Position, StreamId, sqlx};
use uuid::Uuid;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: make_fixture FILE")?;
    if std::fs::exists(&path)? {
        return Err(format!("{path} exists; a fixture is not made again").into());
    }
    let db = SqliteDatabase::open_with(SqliteOptions::new(&path).connections(1)).await?;
    let store = SqliteEventStore::new(&db);
    let time = truncate_to_micros(DateTime::from_timestamp_micros(1_767_225_600_123_456).ok_or("no such time")?);
    for order in 1..=3_u128 {
        let metadata = Metadata::new().actor("alice").tenant("acme").entry("order", order as u64);
        let placed = NewEvent::raw("OrderPlaced", 1, format!(r#"{{"total":{}}}"#, 100 * order));
        let shipped = NewEvent::raw("OrderShipped", 2, r#"{"tracking":"TRACK-001 \u0000 Größe"}"#);
        let events = vec![
            placed.with_id(Uuid::from_u128(order)).with_occurred_at(time).with_metadata(metadata),
            shipped.with_id(Uuid::from_u128(100 + order)).with_occurred_at(time),
        ];
        let stream = StreamId::new("Order", Uuid::from_u128(1_000 + order));
        store.append(&stream, ExpectedVersion::NoStream, events).await?;
    }
    let checkpoints = SqliteCheckpoints::new(&db);
    let claimed = checkpoints.claim(&Claim::new("order-rows", "order-rows v1", Position::START)).await?;
    let step = CheckpointUpdate::new("order-rows", claimed.epoch, Position::START, Position::new(4));
    checkpoints.begin().await?.commit(&step).await?;
    checkpoints.claim(&Claim::new("reset", "reset v1", Position::START)).await?;
    checkpoints.detached().clear(&CheckpointReset::new("reset")).await?;
    // Into one file, as small as it gets.
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(db.pool()).await?;
    db.close().await;
    Ok(())
}
