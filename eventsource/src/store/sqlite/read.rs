//! Reading: streams, and the log.

use std::sync::Arc;

use chrono::DateTime;
use sqlx::{AssertSqlSafe, SqlitePool};

use super::busy::Failure;
use super::{packed, row, statements};
use crate::event::{Position, RecordedEvent, StreamId};
use crate::store::sql::{clamped, unsigned};
use crate::store::{Backlog, EventFilter, LogPage, ReadStream, StoredType};

pub(super) async fn stream(
    pool: &SqlitePool,
    stream: &StreamId,
    read: ReadStream,
) -> Result<Vec<Arc<RecordedEvent>>, Failure> {
    let rows = sqlx::query(statements::read_stream(read.direction()))
        .bind(stream.aggregate_type())
        .bind(stream.aggregate_id())
        .bind(clamped(read.lowest()))
        .bind(clamped(read.highest()))
        .bind(read.most().map_or(-1, |most| clamped(most as u64)))
        .fetch_all(pool)
        .await?;
    rows.iter().map(row::event).collect()
}

/// All of it in one row, or else row by row. Positions are drawn under the write lock, so every position up to a head that
/// was read is visible to whoever reads with it or after it (law 2).
pub(super) async fn log(
    pool: &SqlitePool,
    after: Position,
    filter: &EventFilter,
    limit: usize,
) -> Result<LogPage, Failure> {
    let limit = limit.max(1);
    if lets_nothing_pass(filter) {
        return Ok(LogPage { events: Vec::new(), horizon: head(pool).await?.max(after) });
    }
    let packed::Page { head, events } = match packed::read(pool, after, filter, limit).await? {
        Some(page) => page,
        None => rows(pool, after, filter, limit).await?,
    };
    let horizon = match events.last() {
        Some(last) if events.len() == limit => last.position(),
        _ => head.max(after),
    };
    Ok(LogPage { events, horizon })
}

/// The head first, then the rows up to it.
async fn rows(pool: &SqlitePool, after: Position, filter: &EventFilter, limit: usize) -> Result<packed::Page, Failure> {
    let head = head(pool).await?;
    let query = select(statements::read_log(filter), after, clamped(head.value()), filter, limit);
    let rows = query.fetch_all(pool).await?;
    let events = rows.iter().map(row::event).collect::<Result<_, _>>()?;
    Ok(packed::Page { head, events })
}

type Query = sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

/// `sql`, with the parameters of whatever reads a page of the log.
pub(super) fn select(sql: String, after: Position, to: i64, filter: &EventFilter, limit: usize) -> Query {
    let query = sqlx::query(AssertSqlSafe(sql)).bind(clamped(after.value())).bind(to).bind(clamped(limit as u64));
    statements::filter_values(filter).into_iter().fold(query, |query, value| query.bind(value))
}

fn lets_nothing_pass(filter: &EventFilter) -> bool {
    filter.event_types().is_some_and(|names| names.len() == 0)
        || filter.aggregate_types().is_some_and(|names| names.len() == 0)
}

pub(super) async fn head(pool: &SqlitePool) -> Result<Position, Failure> {
    let head: Option<i64> = sqlx::query_scalar(statements::HEAD).fetch_one(pool).await?;
    Ok(Position::new(unsigned(head.unwrap_or(0), "the head of the log")?))
}

/// Positions are dense, so nothing is counted.
pub(super) async fn backlog(pool: &SqlitePool, after: Position) -> Result<Backlog, Failure> {
    let first: Option<(i64, i64)> =
        sqlx::query_as(statements::BACKLOG).bind(clamped(after.value())).fetch_optional(pool).await?;
    let Some((head, recorded_at)) = first else { return Ok(Backlog::default()) };
    Ok(Backlog {
        events: unsigned(head, "the head of the log")?.saturating_sub(after.value()),
        oldest: DateTime::from_timestamp_micros(recorded_at),
    })
}

pub(super) async fn types_beside(
    pool: &SqlitePool,
    known: &[&str],
    after: Position,
    to: Position,
    limit: usize,
) -> Result<Vec<StoredType>, Failure> {
    let found: Vec<(String, i64)> = sqlx::query_as(statements::TYPES_BESIDE)
        .bind(serde_json::Value::from(known).to_string())
        .bind(clamped(after.value()))
        .bind(clamped(to.value()))
        .bind(clamped(limit as u64))
        .fetch_all(pool)
        .await?;
    let stored = |(name, first)| Ok(StoredType::new(name, Position::new(unsigned(first, "a position")?)));
    found.into_iter().map(stored).collect()
}

pub(super) async fn explain_types(pool: &SqlitePool) -> Result<Vec<String>, Failure> {
    explained(pool, statements::explain(statements::TYPES_BESIDE)).await
}

async fn explained(pool: &SqlitePool, sql: String) -> Result<Vec<String>, Failure> {
    let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(pool).await?;
    Ok(rows.into_iter().map(|(.., detail)| detail).collect())
}

pub(super) async fn explain(pool: &SqlitePool, filter: &EventFilter) -> Result<Vec<String>, Failure> {
    if lets_nothing_pass(filter) {
        return Ok(Vec::new());
    }
    explained(pool, statements::explain(&statements::read_packed(filter))).await
}
