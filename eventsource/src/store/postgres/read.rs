//! Reading: streams, and the log.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use super::known::Connections;
use super::{PostgresDatabase, horizon, row, statements};
use crate::event::{Position, RecordedEvent, StreamId};
use crate::store::sql::{Failure, clamped, unsigned};
use crate::store::{Backlog, EventFilter, LogPage, ReadStream, StoredType};

pub(super) async fn stream(
    db: &PostgresDatabase,
    stream: &StreamId,
    read: ReadStream,
) -> Result<Vec<Arc<RecordedEvent>>, Failure> {
    let mut session = db.session().await?;
    let rows = sqlx::query(db.sql(statements::read_stream(read.direction())))
        .bind(stream.aggregate_type())
        .bind(stream.aggregate_id())
        .bind(clamped(read.lowest()))
        .bind(clamped(read.highest()))
        .bind(read.most().map(|most| clamped(most as u64)))
        .persistent(db.names_statements())
        .fetch_all(&mut *session)
        .await?;
    session.end().await?;
    rows.iter().map(row::event).collect()
}

/// The horizon first, then, by another statement, the rows up to it (law 2). Where the page is sure to end before a horizon
/// that is known, that one serves.
pub(super) async fn log(
    db: &PostgresDatabase,
    after: Position,
    filter: &EventFilter,
    limit: usize,
) -> Result<LogPage, Failure> {
    let connections = db.known().connections();
    let mut kept = db.readers().take(|age| db.losses().doubt(age)).await?;
    let read = log_on(db, &mut kept.conn, connections, after, filter, limit.max(1)).await;
    if read.is_ok() {
        db.readers().keep(kept);
    }
    read
}

async fn log_on(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    connections: Connections,
    after: Position,
    filter: &EventFilter,
    limit: usize,
) -> Result<LogPage, Failure> {
    let nothing_passes = lets_nothing_pass(filter);
    let known = db.known().horizon();
    if !nothing_passes && known.value().saturating_sub(after.value()) > limit as u64 {
        let events = page(db, conn, after, known, filter, limit).await?;
        if let Some(last) = events.last().filter(|_| events.len() == limit) {
            return Ok(LogPage { horizon: last.position(), events });
        }
    }
    let head = horizon::read_on(db, conn, connections).await?;
    let horizon = head.max(after);
    if head <= after || nothing_passes {
        return Ok(LogPage { events: Vec::new(), horizon });
    }
    let events = page(db, conn, after, head, filter, limit).await?;
    let horizon = match events.last() {
        Some(last) if events.len() == limit => last.position(),
        _ => horizon,
    };
    Ok(LogPage { events, horizon })
}

/// At most `limit` events after `after` and up to `head`. Most filters let much pass of what is stored near each other: what
/// comes next is looked through first, which costs no more than a page, and further on an index says where to go on.
async fn page(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    after: Position,
    head: Position,
    filter: &EventFilter,
    limit: usize,
) -> Result<Vec<Arc<RecordedEvent>>, Failure> {
    let near = nearby(after, limit).min(head);
    let mut events = Vec::new();
    let nearby = select(db, &statements::read_nearby(filter), filter, after, near, limit);
    let further = |events: &Vec<_>| {
        let rest = limit.checked_sub(events.len()).filter(|rest| *rest > 0 && near < head)?;
        Some(select(db, &statements::read_log(filter), filter, near, head, rest))
    };
    // Through a pooler a statement takes a transaction; otherwise only what is planned for itself alone does.
    if db.names_statements() {
        collect(nearby, conn, &mut events).await?;
        let Some(query) = further(&events) else { return Ok(events) };
        let mut tx = db.begin_page(conn).await?;
        collect(query, &mut tx, &mut events).await?;
        tx.rollback().await?;
        return Ok(events);
    }
    let mut tx = db.begin_page(conn).await?;
    collect(nearby, &mut tx, &mut events).await?;
    if let Some(query) = further(&events) {
        collect(query, &mut tx, &mut events).await?;
    }
    Ok(events)
}

/// Adds what `query` finds to `events`: each row as it comes, while the server is at the next ones.
async fn collect(query: Query, conn: &mut PgConnection, events: &mut Vec<Arc<RecordedEvent>>) -> Result<(), Failure> {
    let mut rows = query.fetch(conn);
    while let Some(row) = rows.try_next().await? {
        events.push(row::event(&row)?);
    }
    Ok(())
}

/// Up to where positions are looked through before an index is asked.
fn nearby(after: Position, limit: usize) -> Position {
    Position::new(after.value().saturating_add(2 * limit.max(500) as u64))
}

type Query = sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments>;

fn select(
    db: &PostgresDatabase,
    sql: &str,
    filter: &EventFilter,
    after: Position,
    head: Position,
    limit: usize,
) -> Query {
    fn owned<'a>(names: Option<impl Iterator<Item = &'a str>>) -> Vec<String> {
        names.into_iter().flatten().map(str::to_owned).collect()
    }
    sqlx::query(db.sql(sql))
        .bind(clamped(after.value()))
        .bind(clamped(head.value()))
        .bind(clamped(limit as u64))
        .bind(owned(filter.event_types()))
        .bind(owned(filter.aggregate_types()))
        .bind(filter.get_tenant().map(str::to_owned))
        .persistent(db.names_statements())
}

fn lets_nothing_pass(filter: &EventFilter) -> bool {
    filter.event_types().is_some_and(|names| names.len() == 0)
        || filter.aggregate_types().is_some_and(|names| names.len() == 0)
}

pub(super) async fn head(db: &PostgresDatabase) -> Result<Position, Failure> {
    horizon::read(db).await
}

pub(super) async fn backlog(db: &PostgresDatabase, after: Position) -> Result<Backlog, Failure> {
    let head = horizon::read(db).await?;
    if head <= after {
        return Ok(Backlog::default());
    }
    let mut session = db.session().await?;
    let (events, oldest): (i64, Option<DateTime<Utc>>) = sqlx::query_as(db.sql(statements::BACKLOG))
        .bind(clamped(after.value()))
        .bind(clamped(head.value()))
        .persistent(db.names_statements())
        .fetch_one(&mut *session)
        .await?;
    session.end().await?;
    Ok(Backlog { events: unsigned(events, "a count")?, oldest })
}

/// Up to the horizon, as whatever is read of the log.
pub(super) async fn types_beside(
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
    let query = types(db, statements::TYPES_BESIDE, known, after, to, limit);
    let mut conn = db.pool().acquire().await?;
    let mut tx = db.begin_page(&mut conn).await?;
    let rows = query.fetch_all(&mut *tx).await?;
    drop(tx);
    let stored = |row: &PgRow| {
        let position: i64 = row.try_get(1)?;
        Ok(StoredType::new(row.try_get::<String, _>(0)?, Position::new(unsigned(position, "a position")?)))
    };
    rows.iter().map(stored).collect()
}

fn types(db: &PostgresDatabase, sql: &str, known: &[&str], after: Position, to: Position, limit: usize) -> Query {
    sqlx::query(db.sql(sql))
        .bind(known.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
        .bind(clamped(after.value()))
        .bind(clamped(to.value()))
        .bind(clamped(limit as u64))
        .persistent(db.names_statements())
}

pub(super) async fn explain_types(db: &PostgresDatabase) -> Result<Vec<String>, Failure> {
    let head = horizon::read(db).await?;
    let sql = statements::explain(statements::TYPES_BESIDE);
    plan(db, types(db, &sql, &[], Position::START, head, 100)).await
}

/// The lines of a query plan.
async fn plan(db: &PostgresDatabase, query: Query) -> Result<Vec<String>, Failure> {
    let mut conn = db.pool().acquire().await?;
    let mut tx = db.begin_page(&mut conn).await?;
    let rows = query.fetch_all(&mut *tx).await?;
    drop(tx);
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

pub(super) async fn explain(
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
    let mut lines = plan(db, select(db, &sql, filter, after, near, limit)).await?;
    let sql = statements::explain(&statements::read_log(filter));
    lines.extend(plan(db, select(db, &sql, filter, near, head, limit)).await?);
    Ok(lines)
}
