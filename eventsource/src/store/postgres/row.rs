//! An event as a row, and back.

use std::sync::Arc;

use sqlx::postgres::PgRow;

use crate::event::{Position, RecordedEvent, RecordedParts, StreamId};
use crate::store::sql::{EventRow, Failure, Found};

/// Reads the columns in the order of `statements.rs`.
pub(super) fn found(row: &PgRow) -> Result<Found, Failure> {
    let columns = EventRow::new(row)?;
    match columns.get::<Option<i32>>(11, "payload")? {
        None => event(row).map(Found::Event),
        Some(size) => {
            let size = columns.unsigned(size.into(), "payload")?;
            Ok(Found::Large(Position::new(columns.position()?), usize::try_from(size).unwrap_or(usize::MAX)))
        }
    }
}

/// Reads the version of an event.
pub(super) fn version(row: &PgRow) -> Result<u64, Failure> {
    let columns = EventRow::new(row)?;
    columns.unsigned(columns.get(4, "version")?, "version")
}

/// Reads the columns of a whole event.
pub(super) fn event(row: &PgRow) -> Result<Arc<RecordedEvent>, Failure> {
    let row = EventRow::new(row)?;
    let schema_version: i64 = row.get(6, "schema_version")?;
    Ok(Arc::new(RecordedEvent::from(RecordedParts {
        id: row.get(1, "event_id")?,
        position: Position::new(row.position()?),
        stream: StreamId::new(row.get::<String>(2, "aggregate_type")?, row.get(3, "aggregate_id")?),
        version: row.unsigned(row.get(4, "version")?, "version")?,
        event_type: row.get::<String>(5, "event_type")?.into(),
        schema_version: u32::try_from(schema_version).map_err(|error| row.corrupt("schema_version", error))?,
        occurred_at: row.get(7, "occurred_at")?,
        recorded_at: row.get(8, "recorded_at")?,
        metadata: row.metadata(9)?,
        payload: row.get(10, "payload")?,
    })))
}
