//! An event as a row, and back.

use std::fmt::Display;
use std::sync::Arc;

use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row as _, Type};

use crate::event::{Metadata, Position, RecordedEvent, RecordedParts, StreamId};
use crate::store::sql::Failure;

/// Reads the columns in the order of `statements.rs`.
pub(super) fn event(row: &PgRow) -> Result<Arc<RecordedEvent>, Failure> {
    let position: i64 = row.try_get(0)?;
    let row = Columns { row, position };
    let metadata = match row.get::<Option<&str>>(9, "metadata")? {
        None => Metadata::new(),
        Some(json) => serde_json::from_str(json).map_err(|error| row.corrupt("metadata", error))?,
    };
    let schema_version: i64 = row.get(6, "schema_version")?;
    Ok(Arc::new(RecordedEvent::from(RecordedParts {
        id: row.get(1, "event_id")?,
        position: Position::new(row.unsigned(position, "position")?),
        stream: StreamId::new(row.get::<String>(2, "aggregate_type")?, row.get(3, "aggregate_id")?),
        version: row.unsigned(row.get(4, "version")?, "version")?,
        event_type: row.get::<String>(5, "event_type")?.into(),
        schema_version: u32::try_from(schema_version).map_err(|error| row.corrupt("schema_version", error))?,
        occurred_at: row.get(7, "occurred_at")?,
        recorded_at: row.get(8, "recorded_at")?,
        metadata,
        payload: row.get(10, "payload")?,
    })))
}

/// A row whose troubles name its position.
struct Columns<'r> {
    row: &'r PgRow,
    position: i64,
}

impl<'r> Columns<'r> {
    fn get<T: Decode<'r, Postgres> + Type<Postgres>>(&self, index: usize, column: &str) -> Result<T, Failure> {
        self.row.try_get(index).map_err(|error| self.corrupt(column, error))
    }

    fn unsigned(&self, value: i64, column: &str) -> Result<u64, Failure> {
        u64::try_from(value).map_err(|error| self.corrupt(column, error))
    }

    fn corrupt(&self, column: &str, error: impl Display) -> Failure {
        Failure::Corrupt(format!("the event at position {}, column `{column}`: {error}", self.position))
    }
}
