//! Reads a page of the log as one row.

use std::sync::Arc;

use chrono::DateTime;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqlitePool};
use uuid::Uuid;

use super::busy::{Failure, result_code};
use super::statements;
use crate::backend::sql::store::{Found, clamped, unsigned};
use crate::backend::sqlite::records::Records;
use crate::event::{EventFilter, Metadata, Position, RecordedEvent, RecordedParts, Slice, StreamId};
use crate::store::LogMark;

/// The events that a statement has found, and the marks that identify the log.
pub(super) struct Read {
    /// The last event of the log.
    pub(super) last: Option<LogMark>,
    /// The last event at or before the position where the statement begins.
    pub(super) before: Option<LogMark>,
    pub(super) found: Vec<Found>,
}

/// Reads at most `limit` events after `after` that match `filter`, which must be able to match events.
///
/// Returns `None` if they must be read row by row. That reports the cause.
pub(super) async fn read(
    pool: &SqlitePool,
    after: Position,
    filter: &EventFilter,
    limit: usize,
) -> Result<Option<Read>, Failure> {
    let row = match select(statements::read_packed(filter), after, i64::MAX, filter, limit).fetch_one(pool).await {
        Ok(row) => row,
        Err(error) if result_code(&error) == Some(TOO_BIG) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let records = row.try_get::<Option<&[u8]>, _>(0)?.unwrap_or_default();
    let (last, before) = (mark(&row, 1)?, mark(&row, 3)?);
    Ok(unpack(records, limit).map(|found| Read { last, before, found }))
}

type Query = sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

/// Binds the parameters of a statement that reads a page of the log.
pub(super) fn select(sql: String, after: Position, to: i64, filter: &EventFilter, limit: usize) -> Query {
    let query = sqlx::query(AssertSqlSafe(sql)).bind(clamped(after.value())).bind(to).bind(clamped(limit as u64));
    statements::filter_values(filter).into_iter().fold(query, |query, value| query.bind(value))
}

/// Reads an event mark: the position from the column `first`, and the id from the next column.
pub(super) fn mark(row: &SqliteRow, first: usize) -> Result<Option<LogMark>, Failure> {
    let position: Option<i64> = row.try_get(first)?;
    let id: Option<&[u8]> = row.try_get(first + 1)?;
    let (Some(position), Some(id)) = (position, id) else { return Ok(None) };
    let event_id = Uuid::from_slice(id)
        .map_err(|error| Failure::Corrupt(format!("the event at position {position}, column `event_id`: {error}")))?;
    Ok(Some(LogMark::new(Position::new(unsigned(position, "a position")?), event_id)))
}

/// SQLITE_TOOBIG: the row would be longer than the limit of SQLite.
const TOO_BIG: i32 = 18;

/// Decodes the records of a page.
///
/// Returns `None` if they do not have the format of `statements.rs`, for example in a UTF-16 database. The order is
/// checked, because SQLite does not guarantee the order of rows in an aggregate.
fn unpack(records: &[u8], limit: usize) -> Option<Vec<Found>> {
    let (mut found, mut records) = (Vec::with_capacity(limit.min(1_024)), Records::new(records));
    let mut last = None;
    while !records.is_empty() {
        let next = event(&mut records)?;
        if last >= Some(next.position()) {
            return None;
        }
        last = Some(next.position());
        found.push(next);
    }
    Some(found)
}

/// Decodes the next event.
fn event(records: &mut Records<'_>) -> Option<Found> {
    let position = Position::new(records.number()?);
    if records.skip(b"- ") {
        return Some(Found::Large(position, records.number()?));
    }
    let version = records.number()?;
    let schema_version = records.number()?;
    let occurred_at = DateTime::from_timestamp_micros(records.number()?)?;
    let recorded_at = DateTime::from_timestamp_micros(records.number()?)?;
    let (aggregate_type, event_type) = (records.number()?, records.number()?);
    let (metadata, payload) = (records.number::<i64>()?, records.number()?);
    let slice = if records.skip(b"- ") { None } else { Some(Slice::new(records.number()?)?) };
    let id = Uuid::from_slice(records.bytes(16)?).ok()?;
    let aggregate_id = Uuid::from_slice(records.bytes(16)?).ok()?;
    let stream = StreamId::new(records.text(aggregate_type)?.to_owned(), aggregate_id);
    let event_type = records.text(event_type)?.to_owned().into();
    let metadata = match usize::try_from(metadata) {
        Ok(length) => serde_json::from_str(records.text(length)?).ok()?,
        Err(_) => Metadata::new(),
    };
    let payload = records.text(payload)?.to_owned();
    Some(Found::Event(Arc::new(RecordedEvent::from(RecordedParts {
        id,
        position,
        stream,
        version,
        event_type,
        schema_version,
        occurred_at,
        recorded_at,
        metadata,
        payload,
        slice,
    }))))
}
