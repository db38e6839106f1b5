//! Reads events from rows.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::busy::Failure;
use crate::backend::sql::store::{EventRow, Found, RawRow};
use crate::event::{Position, RecordedEvent, RecordedParts, StreamId};

/// Reads the columns in the order of `statements::columns`.
pub(super) fn event(row: &SqliteRow) -> Result<Arc<RecordedEvent>, Failure> {
    let mut row = EventRow::new(row)?;
    let aggregate_type = row.text(2, "aggregate_type");
    let parts = RecordedParts {
        id: id(&mut row, 1, "event_id"),
        position: Position::new(row.position()?),
        stream: StreamId::new(aggregate_type, id(&mut row, 3, "aggregate_id")),
        version: row.converted(4, "version", |version: i64| u64::try_from(version)),
        event_type: row.text(5, "event_type").into(),
        schema_version: row.converted(6, "schema_version", |version: i64| u32::try_from(version)),
        occurred_at: time(&mut row, 7, "occurred_at"),
        recorded_at: time(&mut row, 8, "recorded_at"),
        metadata: row.metadata(10, |row| row.try_get(9).ok()),
        payload: row.text(11, "payload"),
        slice: row.slice::<i64>(12),
    };
    Ok(Arc::new(row.event(parts)))
}

/// Reads the columns of `statements::read_stream`. The payload of a large event is missing.
pub(super) fn found(row: &SqliteRow) -> Result<Found, Failure> {
    let columns = EventRow::new(row)?;
    if !columns.is_null(11)? {
        return event(row).map(Found::Event);
    }
    Ok(Found::Large(Position::new(columns.position()?), columns.size::<i64>(13)?))
}

/// Reads a position and a size.
pub(super) fn size(row: &SqliteRow) -> Result<Found, Failure> {
    let columns = EventRow::new(row)?;
    Ok(Found::Large(Position::new(columns.position()?), columns.size::<i64>(1)?))
}

/// Reads the version of an event.
pub(super) fn version(row: &SqliteRow) -> Result<u64, Failure> {
    let columns = EventRow::new(row)?;
    columns.number::<i64>(4, "version")
}

fn time(row: &mut EventRow<'_, SqliteRow>, index: usize, column: &'static str) -> DateTime<Utc> {
    row.converted(index, column, |micros| {
        DateTime::from_timestamp_micros(micros).ok_or("the number of microseconds since 1970 is out of range")
    })
}

/// Reads an id. If it does not have 16 bytes, it is filled up or cut off, so that most different ids stay different.
fn id(row: &mut EventRow<'_, SqliteRow>, index: usize, column: &'static str) -> Uuid {
    let mut filled = [0; 16];
    let id = row.converted(index, column, |bytes: &[u8]| {
        filled.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        Uuid::from_slice(bytes).map(Some)
    });
    id.unwrap_or(Uuid::from_bytes(filled))
}

impl RawRow for SqliteRow {
    fn raw_text(&self, index: usize) -> String {
        // SQLite returns the bytes of any value; for a number, its digits.
        let bytes = self.try_get_unchecked::<Option<Vec<u8>>, _>(index).ok().flatten();
        String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
    }
}
