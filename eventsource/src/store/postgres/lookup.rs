//! Look-ups: an event by its id, the log backwards, and the streams of a type.

use std::sync::Arc;

use uuid::Uuid;

use super::read::{add, is_text, lets_nothing_pass, select, small};
use super::{PostgresDatabase, horizon, row, statements};
use crate::event::{Position, RecordedEvent, StreamId};
use crate::store::sql::{Failure, Filling, Found, clamped, unsigned};
use crate::store::{BackwardPage, EventFilter, PageLimit, StoredStream};

/// Finds a stored event, also after the horizon.
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
        let last = |before: Position| Position::new(before.value().saturating_sub(1));
        let mut to = before.map_or(head, |before| last(before).min(head));
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
            to = last(first);
        }
        tx.rollback().await?;
    }
    Ok(BackwardPage { is_full: filling.is_full(), events: filling.events })
}

/// Lists stored streams, also after the horizon.
pub(super) async fn streams(
    db: &PostgresDatabase,
    aggregate_type: &str,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<StoredStream>, Failure> {
    if !is_text(aggregate_type) {
        return Ok(Vec::new());
    }
    // The next entry of the index after this one begins the next stream. Versions begin at 1.
    let version = if after.is_some() { i64::MAX } else { 0 };
    let query = sqlx::query_as(db.sql(statements::STREAMS))
        .bind(aggregate_type)
        .bind(after.unwrap_or_default())
        .bind(version)
        .bind(clamped(limit as u64));
    let mut session = db.session().await?;
    let rows: Vec<(Uuid, i64)> = query.persistent(db.names_statements()).fetch_all(&mut *session).await?;
    session.end().await?;
    let stored = |(id, version): (Uuid, i64)| {
        let stream = StreamId::new(aggregate_type.to_owned(), id);
        Ok(StoredStream::new(stream, unsigned(version, "the version of a stream")?))
    };
    rows.into_iter().map(stored).collect()
}
