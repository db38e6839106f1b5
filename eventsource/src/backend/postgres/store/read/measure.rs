//! Questions about the log that return no events: backlogs, types of events, and query plans.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::{Query, is_text, lets_nothing_pass, nearby, select};
use crate::backend::postgres::store::time::Time;
use crate::backend::postgres::store::{PostgresDatabase, horizon, statements};
use crate::backend::sql::store::{Failure, clamped, unsigned};
use crate::event::Position;
use crate::store::{Backlog, EventFilter, StoredType};

pub(in crate::backend::postgres::store) async fn backlogs(
    db: &PostgresDatabase,
    after: &[Position],
    limit: u64,
) -> Result<Vec<Backlog>, Failure> {
    let head = horizon::read(db).await?;
    if after.iter().all(|after| head <= *after) {
        return Ok(vec![Backlog::default(); after.len()]);
    }
    let mut session = db.session().await?;
    let rows = sqlx::query(db.sql(statements::BACKLOGS))
        .bind(after.iter().map(|after| clamped(after.value())).collect::<Vec<_>>())
        .bind(clamped(head.value()))
        .bind(clamped(limit))
        .bind(clamped(Backlog::LOOKED_AT as u64))
        .persistent(db.names_statements())
        .fetch_all(&mut *session)
        .await?;
    session.end().await?;
    let backlog = |row: &PgRow| {
        // A time that cannot be read is a failure of its event, and not of this call.
        let oldest = row.try_get::<Option<Time>, _>(1).ok().flatten().map(|time| time.0);
        Ok(Backlog { events: unsigned(row.try_get(0)?, "a count")?, oldest })
    };
    rows.iter().map(backlog).collect()
}

/// Finds event types up to the horizon.
pub(in crate::backend::postgres::store) async fn event_types_except(
    db: &PostgresDatabase,
    known: &[&str],
    after: Position,
    to: Position,
    limit: usize,
) -> Result<Vec<StoredType>, Failure> {
    let to = to.min(horizon::read(db).await?);
    if to <= after {
        return Ok(Vec::new());
    }
    let query = types(db, statements::TYPES_EXCEPT, known, after, to, limit);
    let mut conn = db.shared().await?;
    let mut tx = db.begin_page(&mut conn).await?;
    let rows = query.fetch_all(&mut *tx).await?;
    drop(tx);
    stored_types(&rows)
}

/// Reads the names of event types and the positions of their first events.
pub(in crate::backend::postgres::store) fn stored_types(rows: &[PgRow]) -> Result<Vec<StoredType>, Failure> {
    let stored = |row: &PgRow| {
        let position: i64 = row.try_get(1)?;
        Ok(StoredType::new(row.try_get::<String, _>(0)?, Position::new(unsigned(position, "a position")?)))
    };
    rows.iter().map(stored).collect()
}

fn types(db: &PostgresDatabase, sql: &str, known: &[&str], after: Position, to: Position, limit: usize) -> Query {
    sqlx::query(db.sql(sql))
        .bind(known.iter().filter(|name| is_text(name)).map(|&name| name.to_owned()).collect::<Vec<_>>())
        .bind(clamped(after.value()))
        .bind(clamped(to.value()))
        .bind(clamped(limit as u64))
        .persistent(db.names_statements())
}

pub(in crate::backend::postgres::store) async fn explain_types(db: &PostgresDatabase) -> Result<Vec<String>, Failure> {
    let head = horizon::read(db).await?;
    let sql = statements::explain(statements::TYPES_EXCEPT);
    plan(db, types(db, &sql, &[], Position::START, head, 100)).await
}

/// The lines of a query plan.
pub(in crate::backend::postgres::store) async fn plan(
    db: &PostgresDatabase,
    query: Query,
) -> Result<Vec<String>, Failure> {
    let mut conn = db.shared().await?;
    let mut tx = db.begin_page(&mut conn).await?;
    let rows = query.fetch_all(&mut *tx).await?;
    drop(tx);
    lines(&rows)
}

/// The lines that the rows of a plan hold.
pub(in crate::backend::postgres::store) fn lines(rows: &[PgRow]) -> Result<Vec<String>, Failure> {
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

pub(in crate::backend::postgres::store) async fn explain(
    db: &PostgresDatabase,
    after: Position,
    filter: &EventFilter,
    limit: usize,
) -> Result<Vec<String>, Failure> {
    if lets_nothing_pass(filter) {
        return Ok(Vec::new());
    }
    let head = horizon::read(db).await?;
    let near = nearby(after, limit).min(head);
    let sql = statements::explain(&statements::read_nearby(filter));
    let mut lines = plan(db, select(db, &sql, filter, after, near, limit, i32::MAX)).await?;
    let sql = statements::explain(&statements::read_log(filter));
    lines.extend(plan(db, select(db, &sql, filter, near, head, limit, i32::MAX)).await?);
    Ok(lines)
}
