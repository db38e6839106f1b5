//! Reads streams and the log.

mod measure;

use futures_util::TryStreamExt as _;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::horizon_cache::Connections;
use super::{PostgresDatabase, horizon, row, statements};
use crate::backend::sql::store::{Failure, Filling, Found, SMALL, clamped, large, no_identity, unsigned};
use crate::event::{Position, StreamId};
use crate::store::{Direction, EventFilter, LogId, LogMark, LogPage, PageLimit, ReadStream, StreamPage};

pub(super) use self::measure::{backlogs, event_types_except, explain, explain_types, lines, plan, stored_types};

/// Reads a page of a stream. Small events are read with their rows; the statement returns the sizes of the large ones.
pub(super) async fn stream(
    db: &PostgresDatabase,
    stream: &StreamId,
    read: ReadStream,
    limit: PageLimit,
) -> Result<StreamPage, Failure> {
    if !is_text(stream.aggregate_type()) {
        return Ok(StreamPage { is_full: false, events: Vec::new() });
    }
    let mut session = db.session().await?;
    let mut filling = Filling::new(limit);
    let (mut from_version, mut to_version) = (read.from_version(), read.to_version());
    let mut left = read.max_count().unwrap_or(usize::MAX);
    while left > 0 && !filling.is_full() {
        let most = filling.rows().min(left);
        let rows = sqlx::query(db.sql(statements::read_stream(read.direction())))
            .bind(stream.aggregate_type())
            .bind(stream.aggregate_id())
            .bind(clamped(from_version))
            .bind(clamped(to_version))
            .bind(clamped(most as u64))
            .bind(small(limit))
            .persistent(db.names_statements())
            .fetch_all(&mut *session)
            .await?;
        let (count, last) = (rows.len(), rows.last().map(row::version).transpose()?);
        let found = rows.iter().map(row::found).collect::<Result<_, _>>()?;
        drop(rows);
        add(db, &mut session, &mut filling, found).await?;
        left -= count;
        match (read.direction(), last.filter(|_| count == most)) {
            (Direction::Forward, Some(last)) => from_version = last.saturating_add(1),
            (Direction::Backward, Some(last)) if last > 0 => to_version = last - 1,
            _ => break,
        }
    }
    session.end().await?;
    Ok(StreamPage { is_full: filling.is_full(), events: filling.events })
}

/// Returns the maximum size, in bytes, of contents that are read with their rows. Without a limit in bytes, all are.
pub(super) fn small(limit: PageLimit) -> i32 {
    if limit.bytes == usize::MAX { i32::MAX } else { i32::try_from(SMALL).unwrap_or(i32::MAX) }
}

/// Adds the events of `found` that belong to the page, and reads the large ones.
pub(super) async fn add(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    filling: &mut Filling,
    found: Vec<Found>,
) -> Result<(), Failure> {
    let found = filling.admit(found);
    let large: Vec<_> = large(&found).into_iter().map(|position| clamped(position.value())).collect();
    let mut read = Vec::with_capacity(large.len());
    if !large.is_empty() {
        let query = sqlx::query(db.sql(statements::AT_POSITIONS)).bind(large).persistent(db.names_statements());
        let mut rows = query.fetch(conn);
        while let Some(row) = rows.try_next().await? {
            read.push(row::event(&row)?);
        }
    }
    filling.add(found, read);
    Ok(())
}

/// Reads the horizon first, and then, with another statement, the rows up to it ([no gaps](crate::guarantees#no-gaps)).
/// A known horizon is used if the page is sure to end before it.
pub(super) async fn log(
    db: &PostgresDatabase,
    after: Position,
    filter: &EventFilter,
    limit: PageLimit,
) -> Result<LogPage, Failure> {
    let connections = db.known().connections();
    let mut kept = db.reader().await?;
    let read = log_on(db, &mut kept.conn, connections, after, filter, limit).await;
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
    limit: PageLimit,
) -> Result<LogPage, Failure> {
    let nothing_passes = lets_nothing_pass(filter);
    let known = db.known().horizon();
    if !nothing_passes && known.value().saturating_sub(after.value()) > limit.events as u64 {
        let page = page(db, conn, after, known, filter, limit).await?;
        if page.is_full {
            return Ok(page);
        }
    }
    let last = horizon::read_on(db, conn, connections).await?;
    let head = horizon::position(last);
    if head <= after || nothing_passes {
        // Only an event exactly at `after` is known to be the last one: later ones may be behind the horizon.
        let before = last.filter(|last| last.position == after);
        return Ok(LogPage::new(Vec::new(), false, head.max(after)).following(before).up_to(last));
    }
    Ok(page(db, conn, after, head, filter, limit).await?.up_to(last))
}

/// Finds the last stored event. It can be after the horizon.
pub(super) async fn last_event(db: &PostgresDatabase, to: Position) -> Result<Option<LogMark>, Failure> {
    let query = sqlx::query_as(db.sql(statements::LAST_EVENT)).bind(clamped(to.value()));
    let mut session = db.session().await?;
    let row = query.persistent(db.names_statements()).fetch_optional(&mut *session).await?;
    session.end().await?;
    row.map(|(position, id): (i64, Uuid)| Ok(LogMark::new(Position::new(unsigned(position, "a position")?), id)))
        .transpose()
}

pub(super) async fn log_id(db: &PostgresDatabase) -> Result<LogId, Failure> {
    let mut session = db.session().await?;
    let query = sqlx::query_scalar(db.sql(statements::LOG_ID)).persistent(db.names_statements());
    let id: Option<Uuid> = query.fetch_optional(&mut *session).await?;
    session.end().await?;
    id.map(LogId::from_uuid).ok_or_else(no_identity)
}

/// Returns the identity of the log for the results of appends. It is read once for each database value.
pub(super) async fn log_of_appends(db: &PostgresDatabase) -> Result<LogId, Failure> {
    db.log().get_or_try_init(|| db.again(|| log_id(db))).await.copied()
}

/// Reads the events in `(after, head]`, up to the limit.
async fn page(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    after: Position,
    head: Position,
    filter: &EventFilter,
    limit: PageLimit,
) -> Result<LogPage, Failure> {
    let (mut filling, mut from, mut follows) = (Filling::new(limit), after, None);
    loop {
        let most = filling.rows();
        // With a pooler, a statement needs a transaction.
        let last = if db.names_statements() {
            let (before, found) = find(db, conn, from, head, filter, most, small(limit)).await?;
            follows = if from == after { before } else { follows };
            let last = found.last().map(Found::position).filter(|_| found.len() == most);
            add(db, conn, &mut filling, found).await?;
            last
        } else {
            let mut tx = db.begin_page(conn).await?;
            let (before, found) = find(db, &mut tx, from, head, filter, most, small(limit)).await?;
            follows = if from == after { before } else { follows };
            let last = found.last().map(Found::position).filter(|_| found.len() == most);
            add(db, &mut tx, &mut filling, found).await?;
            last
        };
        match last {
            Some(last) if !filling.is_full() => from = last,
            _ => {
                let is_full = filling.is_full();
                return Ok(LogPage::new(filling.events, is_full, head).following(follows));
            }
        }
    }
}

/// Reads at most `limit` events in `(after, head]`, and the last event at or before `after`.
///
/// Most filters match many neighbouring events. So the next positions are scanned first, which costs no more than a
/// page. The rest is searched with an index.
async fn find(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    after: Position,
    head: Position,
    filter: &EventFilter,
    limit: usize,
    small: i32,
) -> Result<(Option<LogMark>, Vec<Found>), Failure> {
    let near = nearby(after, limit).min(head);
    let (mut before, mut found) = (None, Vec::new());
    let query = select(db, &statements::read_nearby(filter), filter, after, near, limit, small);
    collect(query, conn, after, (&mut before, &mut found)).await?;
    let Some(rest) = limit.checked_sub(found.len()).filter(|rest| *rest > 0 && near < head) else {
        return Ok((before, found));
    };
    let query = select(db, &statements::read_log(filter), filter, near, head, rest, small);
    // A custom plan needs a transaction. With a pooler, there is one already.
    if db.names_statements() {
        let mut tx = db.begin_page(conn).await?;
        collect(query, &mut tx, after, (&mut before, &mut found)).await?;
        tx.rollback().await?;
    } else {
        collect(query, conn, after, (&mut before, &mut found)).await?;
    }
    Ok((before, found))
}

/// Adds the rows of `query`, one by one while the server reads the next ones.
async fn collect(
    query: Query,
    conn: &mut PgConnection,
    after: Position,
    (before, found): (&mut Option<LogMark>, &mut Vec<Found>),
) -> Result<(), Failure> {
    let mut rows = query.fetch(conn);
    while let Some(row) = rows.try_next().await? {
        let position = Position::new(unsigned(row.try_get(0)?, "a position")?);
        if position <= after {
            *before = Some(LogMark::new(position, row.try_get(1)?));
        } else {
            found.push(row::found(&row)?);
        }
    }
    Ok(())
}

/// Returns the position up to which the log is scanned before an index is used.
fn nearby(after: Position, limit: usize) -> Position {
    Position::new(after.value().saturating_add(2 * limit.max(500) as u64))
}

pub(super) type Query = sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments>;

pub(super) fn select(
    db: &PostgresDatabase,
    sql: &str,
    filter: &EventFilter,
    after: Position,
    head: Position,
    limit: usize,
    small: i32,
) -> Query {
    fn owned<'a>(names: Option<impl Iterator<Item = &'a str>>) -> Vec<String> {
        names.into_iter().flatten().filter(|name| is_text(name)).map(str::to_owned).collect()
    }
    sqlx::query(db.sql(sql))
        .bind(clamped(after.value()))
        .bind(clamped(head.value()))
        .bind(clamped(limit as u64))
        .bind(owned(filter.event_types()))
        .bind(owned(filter.aggregate_types()))
        .bind(small)
        .bind(filter.get_tenant().map(str::to_owned))
        .persistent(db.names_statements())
}

pub(super) fn lets_nothing_pass(filter: &EventFilter) -> bool {
    filter.event_types().is_some_and(|names| names.len() == 0)
        || filter.aggregate_types().is_some_and(|names| names.len() == 0)
        || filter.get_tenant().is_some_and(|tenant| !is_text(tenant))
}

/// Returns whether PostgreSQL can represent the text. A text with NUL is never stored, and the server cannot compare
/// it.
pub(super) fn is_text(name: &str) -> bool {
    !name.contains('\0')
}

pub(super) async fn head(db: &PostgresDatabase) -> Result<Position, Failure> {
    horizon::read(db).await
}
