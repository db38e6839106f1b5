//! Reads streams and the log.

use chrono::DateTime;
use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, SqlitePool};
use uuid::Uuid;

use super::busy::Failure;
use super::{packed, row, statements};
use crate::backend::sql::store::{Filling, Found, SMALL, clamped, large, no_identity, unsigned};
use crate::event::{Position, StreamId};
use crate::store::{
    Backlog, Direction, EventFilter, LogId, LogMark, LogPage, PageLimit, ReadStream, StoredType, StreamPage,
};

/// Reads a page of a stream. Small events are read with their rows; the statement returns the sizes of the large ones.
pub(super) async fn stream(
    pool: &SqlitePool,
    stream: &StreamId,
    read: ReadStream,
    limit: PageLimit,
) -> Result<StreamPage, Failure> {
    let mut filling = Filling::new(limit);
    let (mut from_version, mut to_version) = (read.from_version(), read.to_version());
    let mut left = read.max_count().unwrap_or(usize::MAX);
    // Without a limit in bytes, all events are read with their rows.
    let small = if limit.bytes == usize::MAX { u64::MAX } else { SMALL as u64 };
    while left > 0 && !filling.is_full() {
        let most = filling.rows().min(left);
        let rows = sqlx::query(statements::read_stream(read.direction()))
            .bind(stream.aggregate_type())
            .bind(stream.aggregate_id())
            .bind(clamped(from_version))
            .bind(clamped(to_version))
            .bind(clamped(most as u64))
            .bind(clamped(small))
            .fetch_all(pool)
            .await?;
        let (count, last) = (rows.len(), rows.last().map(row::version).transpose()?);
        let found = rows.iter().map(row::found).collect::<Result<_, _>>()?;
        drop(rows);
        add(pool, &mut filling, found).await?;
        left -= count;
        match (read.direction(), last.filter(|_| count == most)) {
            (Direction::Forward, Some(last)) => from_version = last.saturating_add(1),
            (Direction::Backward, Some(last)) if last > 0 => to_version = last - 1,
            _ => break,
        }
    }
    Ok(StreamPage { is_full: filling.is_full(), events: filling.events })
}

/// Adds the events of `found` that belong to the page, and reads the large ones.
pub(super) async fn add(pool: &SqlitePool, filling: &mut Filling, found: Vec<Found>) -> Result<(), Failure> {
    let found = filling.admit(found);
    let large: Vec<_> = large(&found).into_iter().map(Position::value).collect();
    let mut read = Vec::with_capacity(large.len());
    if !large.is_empty() {
        let positions = serde_json::Value::from(large).to_string();
        let mut rows = sqlx::query(statements::AT_POSITIONS).bind(positions).fetch(pool);
        // One row at a time, because a row contains a second copy of the event.
        while let Some(row) = rows.try_next().await? {
            read.push(row::event(&row)?);
        }
    }
    filling.add(found, read);
    Ok(())
}

/// Reads a page of the log in one row, or else row by row.
///
/// Positions are assigned under the write lock. So every position up to a head is visible to each statement that reads
/// the head or runs after it ([no gaps](crate::guarantees#no-gaps)).
pub(super) async fn log(
    pool: &SqlitePool,
    after: Position,
    filter: &EventFilter,
    limit: PageLimit,
) -> Result<LogPage, Failure> {
    if lets_nothing_pass(filter) {
        let (last, before) = marks(pool, after).await?;
        return Ok(LogPage::new(Vec::new(), false, end(last).max(after)).following(before).up_to(last));
    }
    let (mut filling, mut from, mut follows) = (Filling::new(limit), after, None);
    loop {
        let most = filling.rows();
        let packed::Read { last: head, before, found } = match packed::read(pool, from, filter, most).await? {
            Some(read) => read,
            None => sizes(pool, from, filter, most).await?,
        };
        if from == after {
            follows = before;
        }
        let last = found.last().map(Found::position).filter(|_| found.len() == most);
        add(pool, &mut filling, found).await?;
        match last {
            Some(last) if !filling.is_full() => from = last,
            _ => {
                let is_full = filling.is_full();
                let page = LogPage::new(filling.events, is_full, end(head).max(after));
                return Ok(page.following(follows).up_to(head));
            }
        }
    }
}

/// Returns the end of a log with this last event.
fn end(last: Option<LogMark>) -> Position {
    last.map_or(Position::START, |last| last.position)
}

/// Returns the last event of the log, and the last one at or before `after`.
async fn marks(pool: &SqlitePool, after: Position) -> Result<(Option<LogMark>, Option<LogMark>), Failure> {
    let row = sqlx::query(statements::MARKS).bind(clamped(after.value())).fetch_one(pool).await?;
    Ok((packed::mark(&row, 0)?, packed::mark(&row, 2)?))
}

pub(super) async fn last_event(pool: &SqlitePool, to: Position) -> Result<Option<LogMark>, Failure> {
    let row = sqlx::query(statements::LAST_EVENT).bind(clamped(to.value())).fetch_optional(pool).await?;
    row.map_or(Ok(None), |row| packed::mark(&row, 0))
}

pub(super) async fn log_id(pool: &SqlitePool) -> Result<LogId, Failure> {
    let id: Option<Vec<u8>> = sqlx::query_scalar(statements::LOG_ID).fetch_optional(pool).await?;
    let id = id.as_deref().map(Uuid::from_slice).transpose();
    let id = id.map_err(|error| Failure::Corrupt(format!("the identity of the log: {error}")))?;
    id.map(LogId::from_uuid).ok_or_else(no_identity)
}

/// Reads the head, and then the positions and sizes of the events up to it. Each event is read by itself later.
async fn sizes(
    pool: &SqlitePool,
    after: Position,
    filter: &EventFilter,
    limit: usize,
) -> Result<packed::Read, Failure> {
    let (last, before) = marks(pool, after).await?;
    let query = packed::select(statements::read_sizes(filter), after, clamped(end(last).value()), filter, limit);
    let found = query.fetch_all(pool).await?.iter().map(row::size).collect::<Result<_, _>>()?;
    Ok(packed::Read { last, before, found })
}

pub(super) fn lets_nothing_pass(filter: &EventFilter) -> bool {
    filter.event_types().is_some_and(|names| names.len() == 0)
        || filter.aggregate_types().is_some_and(|names| names.len() == 0)
}

pub(super) async fn head(pool: &SqlitePool) -> Result<Position, Failure> {
    let head: Option<i64> = sqlx::query_scalar(statements::HEAD).fetch_one(pool).await?;
    Ok(Position::new(unsigned(head.unwrap_or(0), "the head of the log")?))
}

/// Returns the backlogs. Positions have no gaps, so no events are counted.
pub(super) async fn backlogs(pool: &SqlitePool, after: &[Position], limit: u64) -> Result<Vec<Backlog>, Failure> {
    let positions: Vec<_> = after.iter().map(|after| clamped(after.value())).collect();
    let rows: Vec<(Option<i64>, Option<i64>)> = sqlx::query_as(statements::BACKLOGS)
        .bind(serde_json::Value::from(positions).to_string())
        .bind(clamped(Backlog::LOOKED_AT as u64))
        .fetch_all(pool)
        .await?;
    let backlog = |(after, (head, oldest)): (&Position, (Option<i64>, Option<i64>))| {
        let head = unsigned(head.unwrap_or_default(), "the head of the log")?;
        Ok(Backlog {
            events: head.saturating_sub(after.value()).min(limit),
            oldest: oldest.and_then(DateTime::from_timestamp_micros),
        })
    };
    after.iter().zip(rows).map(backlog).collect()
}

pub(super) async fn event_types_except(
    pool: &SqlitePool,
    known: &[&str],
    after: Position,
    to: Position,
    limit: usize,
) -> Result<Vec<StoredType>, Failure> {
    let found = sqlx::query_as(statements::TYPES_EXCEPT)
        .bind(serde_json::Value::from(known).to_string())
        .bind(clamped(after.value()))
        .bind(clamped(to.value()))
        .bind(clamped(limit as u64))
        .fetch_all(pool)
        .await?;
    stored_types(found)
}

/// Reads the names of event types and the positions of their first events.
pub(super) fn stored_types(found: Vec<(Vec<u8>, i64)>) -> Result<Vec<StoredType>, Failure> {
    // A name that is not UTF-8 is a failure of its event, and not of this call.
    let stored = |(name, first): (Vec<u8>, i64)| {
        let name = String::from_utf8_lossy(&name).into_owned();
        Ok(StoredType::new(name, Position::new(unsigned(first, "a position")?)))
    };
    found.into_iter().map(stored).collect()
}

pub(super) async fn explain_types(pool: &SqlitePool) -> Result<Vec<String>, Failure> {
    explained(pool, statements::explain(statements::TYPES_EXCEPT)).await
}

pub(super) async fn explained(pool: &SqlitePool, sql: String) -> Result<Vec<String>, Failure> {
    let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(pool).await?;
    Ok(rows.into_iter().map(|(.., detail)| detail).collect())
}

pub(super) async fn explain(pool: &SqlitePool, filter: &EventFilter) -> Result<Vec<String>, Failure> {
    if lets_nothing_pass(filter) {
        return Ok(Vec::new());
    }
    explained(pool, statements::explain(&statements::read_packed(filter))).await
}
