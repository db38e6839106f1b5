//! The horizon: how far the log can be read ([no gaps](crate::guarantees#no-gaps)), and reports of what holds it back.

use sqlx::PgConnection;
use uuid::Uuid;

use super::horizon_cache::Connections;
use super::{PostgresDatabase, holders, statements};
use crate::backend::sql::store::{Failure, unsigned};
use crate::event::Position;
use crate::store::{LogMark, LogStall};

/// The server is a standby. It does not know the open appends of the primary.
#[derive(Debug, thiserror::Error)]
#[error("the server is a standby, which does not know the open appends: read the log from the primary")]
struct Standby;

/// Returns the horizon: up to this position, every event is readable or will never exist. It is 0 for an empty log.
///
/// The rows up to it must be read by a later statement, outside the transaction of this one.
pub(super) async fn read(db: &PostgresDatabase) -> Result<Position, Failure> {
    let known = db.known().connections();
    let mut conn = db.shared().await?;
    Ok(position(read_on(db, &mut conn, known).await?))
}

/// Returns the position of the horizon.
pub(super) fn position(horizon: Option<LogMark>) -> Position {
    horizon.map_or(Position::START, |event| event.position)
}

/// Reads the event at the horizon on `conn`. `known` is the number of connections before `conn` was acquired.
pub(super) async fn read_on(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    known: Connections,
) -> Result<Option<LogMark>, Failure> {
    // Both are their own transaction. A simple query works with every pooler.
    let row: (bool, Option<i64>, Option<i64>, Option<i64>, Option<Uuid>) = if db.names_statements() {
        sqlx::query_as(db.sql(statements::HORIZON)).fetch_one(&mut *conn).await?
    } else {
        let row = sqlx::raw_sql(db.sql(statements::HORIZON)).fetch_one(&mut *conn).await?;
        sqlx::FromRow::from_row(&row)?
    };
    let (false, Some(drawn), held, Some(head), event_id) = row else {
        return Err(Failure::Database(sqlx::Error::Configuration(Box::new(Standby))));
    };
    if db.watch().is_due(held.filter(|held| *held < drawn)) {
        log_holder(db, conn).await;
    }
    let head = Position::new(unsigned(head, "the head of the log")?);
    // With a pooler, a new connection of the pooler to the server is not seen here.
    if db.names_statements() {
        db.known().note(known, head);
    }
    Ok(event_id.map(|event_id| LogMark::new(head, event_id)))
}

/// Returns what holds the horizon back, if that lasts longer than the configured time.
pub(super) async fn stalled_by(db: &PostgresDatabase) -> Result<Option<LogStall>, Failure> {
    let known = db.known().connections();
    let mut conn = db.shared().await?;
    read_on(db, &mut conn, known).await?;
    let Some((at, lasted)) = db.watch().lasted() else { return Ok(None) };
    let at = unsigned(at, "the key of a lock")?;
    // The transaction may have ended, and another one may append now.
    let mut holders = holders::read(db, &mut conn).await?;
    if holders.first().is_none_or(|holder| holder.after.value() != at) {
        return Ok(None);
    }
    let by = holders.drain(..).map(|holder| holder.to_string()).collect();
    Ok(Some(LogStall::new(Position::new(at), lasted, by)))
}

/// Logs what holds the horizon back. Uses the connection of the caller, because another one may not be free.
async fn log_holder(db: &PostgresDatabase, conn: &mut PgConnection) {
    let Ok(holders) = holders::read(db, conn).await else { return };
    for holder in holders.iter().take(1) {
        tracing::warn!(schema = db.schema(), %holder, "an open append holds the log back: later events wait");
    }
}
