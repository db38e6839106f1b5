//! An event as a row, and back.

use std::fmt::Display;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row as _, Sqlite, Type};

use super::busy::Failure;
use crate::event::{Metadata, Position, RecordedEvent, RecordedParts, StreamId};

/// Reads the columns in the order of `statements::COLUMNS`.
pub(super) fn event(row: &SqliteRow) -> Result<Arc<RecordedEvent>, Failure> {
    let position: i64 = row.try_get(0)?;
    let row = Columns { row, position };
    let metadata = match row.get::<Option<&str>>(10, "metadata")? {
        None => Metadata::new(),
        Some(json) => serde_json::from_str(json).map_err(|error| row.corrupt("metadata", error))?,
    };
    Ok(Arc::new(RecordedEvent::from(RecordedParts {
        id: row.get(1, "event_id")?,
        position: Position::new(row.unsigned(position, "position")?),
        stream: StreamId::new(row.get::<String>(2, "aggregate_type")?, row.get(3, "aggregate_id")?),
        version: row.unsigned(row.get(4, "version")?, "version")?,
        event_type: row.get::<String>(5, "event_type")?.into(),
        schema_version: row.get(6, "schema_version")?,
        occurred_at: row.time(7, "occurred_at")?,
        recorded_at: row.time(8, "recorded_at")?,
        metadata,
        payload: row.get(11, "payload")?,
    })))
}

/// A row whose troubles name its position.
struct Columns<'r> {
    row: &'r SqliteRow,
    position: i64,
}

impl<'r> Columns<'r> {
    fn get<T: Decode<'r, Sqlite> + Type<Sqlite>>(&self, index: usize, column: &str) -> Result<T, Failure> {
        self.row.try_get(index).map_err(|error| self.corrupt(column, error))
    }

    fn unsigned(&self, value: i64, column: &str) -> Result<u64, Failure> {
        u64::try_from(value).map_err(|error| self.corrupt(column, error))
    }

    fn time(&self, index: usize, column: &str) -> Result<DateTime<Utc>, Failure> {
        let micros = self.get(index, column)?;
        DateTime::from_timestamp_micros(micros).ok_or_else(|| self.corrupt(column, format_args!("no time: {micros}")))
    }

    fn corrupt(&self, column: &str, error: impl Display) -> Failure {
        Failure::Corrupt(format!("the event at position {}, column `{column}`: {error}", self.position))
    }
}
