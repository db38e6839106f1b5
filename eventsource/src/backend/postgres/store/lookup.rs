//! Look-ups: an event by its id, the log backwards, and the streams of a type.

use std::sync::Arc;

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::read::{add, is_text, lets_nothing_pass, lines, plan, select, small};
use super::{PostgresDatabase, horizon, row, statements};
use crate::backend::sql::store::{Failure, Filling, Found, clamped, unsigned};
use crate::event::{Position, RecordedEvent, StreamId};
use crate::store::{BackwardPage, EventFilter, PageLimit, StoredStream};

/// Finds a stored event. It can be after the horizon.
pub(super) async fn event(db: &PostgresDatabase, id: Uuid) -> Result<Option<Arc<RecordedEvent>>, Failure> {
    let query = sqlx::query(db.sql(statements::BY_ID)).bind(id).persistent(db.names_statements());
    let mut session = db.session().await?;
    let found = query.fetch_optional(&mut *session).await?;
    session.end().await?;
    found.as_ref().map(row::event).transpose()
}

/// Reads the horizon first, and then, with another statement, the rows up to it. Rows before a horizon do not change.
pub(super) async fn log_back(
    db: &PostgresDatabase,
    before: Option<Position>,
    filter: &EventFilter,
    limit: PageLimit,
) -> Result<BackwardPage, Failure> {
    let mut filling = Filling::new(limit);
    if !lets_nothing_pass(filter) {
        let head = horizon::read(db).await?;
        let mut to = to(before, head);
        let sql = statements::read_log_back(filter);
        let mut conn = db.shared().await?;
        let mut tx = db.begin_page(&mut conn).await?;
        while !filling.is_full() {
            let most = filling.rows();
            let query = select(db, &sql, filter, Position::START, to, most, small(limit));
            let found = query.fetch_all(&mut *tx).await?.iter().map(row::found).collect::<Result<Vec<_>, _>>()?;
            let first = found.last().map(Found::position).filter(|_| found.len() == most);
            add(db, &mut tx, &mut filling, found).await?;
            let Some(first) = first else { break };
            to = last_before(first);
        }
        tx.rollback().await?;
    }
    Ok(BackwardPage { is_full: filling.is_full(), events: filling.events })
}

/// Lists stored streams. Their events can be after the horizon.
pub(super) async fn streams(
    db: &PostgresDatabase,
    aggregate_type: &str,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<StoredStream>, Failure> {
    let rows = list(db, statements::STREAMS, aggregate_type, after, limit).await?;
    let stored = |row: &PgRow| {
        let stream = StreamId::new(aggregate_type.to_owned(), row.try_get(0)?);
        Ok(StoredStream::new(stream, unsigned(row.try_get(1)?, "the version of a stream")?))
    };
    rows.iter().map(stored).collect()
}

/// The rows of `sql`, with the parameters of what lists streams.
async fn list(
    db: &PostgresDatabase,
    sql: &str,
    aggregate_type: &str,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<PgRow>, Failure> {
    if !is_text(aggregate_type) {
        return Ok(Vec::new());
    }
    // The next entry of the index after this one begins the next stream. Versions begin at 1.
    let version = if after.is_some() { i64::MAX } else { 0 };
    let query = sqlx::query(db.sql(sql))
        .bind(aggregate_type)
        .bind(after.unwrap_or_default())
        .bind(version)
        .bind(clamped(limit as u64));
    let mut session = db.session().await?;
    let rows = query.persistent(db.names_statements()).fetch_all(&mut *session).await?;
    session.end().await?;
    Ok(rows)
}

pub(super) async fn explain_streams(
    db: &PostgresDatabase,
    aggregate_type: &str,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<String>, Failure> {
    lines(&list(db, &statements::explain(statements::STREAMS), aggregate_type, after, limit).await?)
}

pub(super) async fn explain_log_back(
    db: &PostgresDatabase,
    before: Option<Position>,
    filter: &EventFilter,
    limit: usize,
) -> Result<Vec<String>, Failure> {
    if lets_nothing_pass(filter) {
        return Ok(Vec::new());
    }
    let to = to(before, horizon::read(db).await?);
    let sql = statements::explain(&statements::read_log_back(filter));
    plan(db, select(db, &sql, filter, Position::START, to, limit, i32::MAX)).await
}

/// The last position of a page that is read backwards.
fn to(before: Option<Position>, head: Position) -> Position {
    before.map_or(head, |before| last_before(before).min(head))
}

const fn last_before(position: Position) -> Position {
    Position::new(position.value().saturating_sub(1))
}
