//! An event as a row, and back.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;

use super::busy::Failure;
use crate::event::{Position, RecordedEvent, RecordedParts, StreamId};
use crate::store::sql::{EventRow, Found};

/// Reads the columns in the order of `statements::COLUMNS`.
pub(super) fn event(row: &SqliteRow) -> Result<Arc<RecordedEvent>, Failure> {
    let row = EventRow::new(row)?;
    Ok(Arc::new(RecordedEvent::from(RecordedParts {
        id: row.get(1, "event_id")?,
        position: Position::new(row.position()?),
        stream: StreamId::new(row.get::<String>(2, "aggregate_type")?, row.get(3, "aggregate_id")?),
        version: row.unsigned(row.get(4, "version")?, "version")?,
        event_type: row.get::<String>(5, "event_type")?.into(),
        schema_version: row.get(6, "schema_version")?,
        occurred_at: time(&row, 7, "occurred_at")?,
        recorded_at: time(&row, 8, "recorded_at")?,
        metadata: row.metadata(10)?,
        payload: row.get(11, "payload")?,
    })))
}

/// Reads the columns of `statements::read_stream`: of a large event the payload is missing.
pub(super) fn found(row: &SqliteRow) -> Result<Found, Failure> {
    let columns = EventRow::new(row)?;
    if columns.get::<Option<&str>>(11, "payload")?.is_some() {
        return event(row).map(Found::Event);
    }
    Ok(Found::Large(Position::new(columns.position()?), columns.size(12)?))
}

/// Reads a position and a size.
pub(super) fn size(row: &SqliteRow) -> Result<Found, Failure> {
    let columns = EventRow::new(row)?;
    Ok(Found::Large(Position::new(columns.position()?), columns.size(1)?))
}

/// Reads the version of an event.
pub(super) fn version(row: &SqliteRow) -> Result<u64, Failure> {
    let columns = EventRow::new(row)?;
    columns.unsigned(columns.get(4, "version")?, "version")
}

fn time(row: &EventRow<'_, SqliteRow>, index: usize, column: &str) -> Result<DateTime<Utc>, Failure> {
    let micros = row.get(index, column)?;
    DateTime::from_timestamp_micros(micros).ok_or_else(|| row.corrupt(column, format_args!("no time: {micros}")))
}
