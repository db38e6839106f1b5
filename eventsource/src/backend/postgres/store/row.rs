//! Reads events from rows.

use std::sync::Arc;

use sqlx::Row as _;
use sqlx::postgres::{PgRow, PgValueFormat};

use super::time::Time;
use crate::backend::sql::store::{EventRow, Failure, Found, Place, RawRow, unsigned};
use crate::event::{Position, RecordedEvent, RecordedParts, StreamId};

/// Reads the columns of `statements::read_stream`. The contents of a large event are missing.
pub(super) fn found(row: &PgRow) -> Result<Found, Failure> {
    let columns = EventRow::new(row)?;
    if columns.is_null(12)? {
        return event(row).map(Found::Event);
    }
    Ok(Found::Large(Position::new(columns.position()?), columns.size::<i32>(12)?))
}

/// Reads the version of an event.
pub(super) fn version(row: &PgRow) -> Result<u64, Failure> {
    let columns = EventRow::new(row)?;
    columns.number::<i64>(4, "version")
}

/// Reads the columns of a whole event.
pub(super) fn event(row: &PgRow) -> Result<Arc<RecordedEvent>, Failure> {
    let mut row = EventRow::new(row)?;
    let aggregate_type = row.text(2, "aggregate_type");
    let parts = RecordedParts {
        id: row.get(1, "event_id"),
        position: Position::new(row.position()?),
        stream: StreamId::new(aggregate_type, row.get(3, "aggregate_id")),
        version: row.converted(4, "version", |version: i64| u64::try_from(version)),
        event_type: row.text(5, "event_type").into(),
        schema_version: row.converted(6, "schema_version", |version: i64| u32::try_from(version)),
        occurred_at: row.get::<Time>(7, "occurred_at").0,
        recorded_at: row.get::<Time>(8, "recorded_at").0,
        metadata: row.metadata(9, |_| None),
        payload: row.text(10, "payload"),
        slice: row.slice::<i16>(11),
    };
    Ok(Arc::new(row.event(parts)))
}

impl RawRow for PgRow {
    fn raw_text(&self, index: usize) -> String {
        let Ok(value) = self.try_get_raw(index) else { return String::new() };
        let format = value.format();
        let bytes = value.as_bytes().unwrap_or_default();
        match std::str::from_utf8(bytes) {
            Ok(text) if format == PgValueFormat::Text || !text.contains(char::is_control) => text.to_owned(),
            _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

pub(super) fn place((version, position, recorded_at): (i64, i64, Time)) -> Result<Place, Failure> {
    let version = unsigned(version, "the version of a stream")?;
    Ok((version, Position::new(unsigned(position, "a position")?), recorded_at.0))
}
