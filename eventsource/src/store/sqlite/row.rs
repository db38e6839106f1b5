//! An event as a row, and back.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;

use super::busy::Failure;
use crate::event::{Position, RecordedEvent, RecordedParts, StreamId};
use crate::store::sql::EventRow;

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

fn time(row: &EventRow<'_, SqliteRow>, index: usize, column: &str) -> Result<DateTime<Utc>, Failure> {
    let micros = row.get(index, column)?;
    DateTime::from_timestamp_micros(micros).ok_or_else(|| row.corrupt(column, format_args!("no time: {micros}")))
}
