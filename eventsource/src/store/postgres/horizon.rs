//! How far the log can be read ([no gaps](crate::guarantees#no-gaps)), and who holds it back where that lasts.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::Instant;
use uuid::Uuid;

use super::horizon_cache::Connections;
use super::{PostgresDatabase, holders, statements};
use crate::event::Position;
use crate::store::sql::{Failure, unsigned};
use crate::store::{LogMark, LogStall};

/// The server is a standby, on which nobody sees who appends.
#[derive(Debug, thiserror::Error)]
#[error("the server is a standby, which does not know who appends: read the log from the primary")]
struct Standby;

/// The last position up to which every event is there, or will never be; 0 in an empty log. What is read up to it has
/// to be read by a later statement, outside the transaction of this one.
pub(super) async fn read(db: &PostgresDatabase) -> Result<Position, Failure> {
    let known = db.known().connections();
    let mut conn = db.shared().await?;
    Ok(position(read_on(db, &mut conn, known).await?))
}

/// The position of the horizon that is this event.
pub(super) fn position(horizon: Option<LogMark>) -> Position {
    horizon.map_or(Position::START, |event| event.position)
}

/// The event at the horizon, asked on `conn`, which was acquired when so many connections were known.
pub(super) async fn read_on(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    known: Connections,
) -> Result<Option<LogMark>, Failure> {
    // A transaction of its own either way. A simple query passes every pooler.
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
        tell(db, conn).await;
    }
    let head = Position::new(unsigned(head, "the head of the log")?);
    // Behind a pooler a connection says nothing about the server's.
    if db.names_statements() {
        db.known().note(known, head);
    }
    Ok(event_id.map(|event_id| LogMark::new(head, event_id)))
}

/// Who holds the horizon back, where it has been held for longer than the set time.
pub(super) async fn stalled_by(db: &PostgresDatabase) -> Result<Option<LogStall>, Failure> {
    let known = db.known().connections();
    let mut conn = db.shared().await?;
    read_on(db, &mut conn, known).await?;
    let Some((at, lasted)) = db.watch().lasted() else { return Ok(None) };
    let at = unsigned(at, "the key of a lock")?;
    // It may have ended since, and somebody else appends.
    let mut holders = holders::read(db, &mut conn).await?;
    if holders.first().is_none_or(|holder| holder.after.value() != at) {
        return Ok(None);
    }
    let by = holders.drain(..).map(|holder| holder.to_string()).collect();
    Ok(Some(LogStall::new(Position::new(at), lasted, by)))
}

/// On the connection that found it: another one might not be free.
async fn tell(db: &PostgresDatabase, conn: &mut PgConnection) {
    let Ok(holders) = holders::read(db, conn).await else { return };
    for holder in holders.iter().take(1) {
        tracing::warn!(schema = db.schema(), %holder, "the horizon of the log is held back: later events wait");
    }
}

/// Watches for how long the horizon stays where it is held.
#[derive(Debug)]
pub(super) struct StallWatch {
    after: Duration,
    held: Mutex<Option<Held>>,
}

#[derive(Debug)]
struct Held {
    at: i64,
    since: Instant,
    times_told: u32,
}

impl StallWatch {
    pub(super) fn new(after: Duration) -> Self {
        Self { after, held: Mutex::default() }
    }

    /// Where the horizon is held, and for how long, where that is longer than the set time.
    fn lasted(&self) -> Option<(i64, Duration)> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().map(|held| (held.at, held.since.elapsed())).filter(|(_, lasted)| *lasted >= self.after)
    }

    /// Whether it is time to say who holds the horizon at the position `at`: once after each time that was set.
    fn is_due(&self, at: Option<i64>) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = at else {
            *held = None;
            return false;
        };
        match &mut *held {
            Some(held) if held.at == at => {
                let due = held.since.elapsed() >= self.after.saturating_mul(held.times_told + 1);
                held.times_told += u32::from(due);
                due
            }
            _ => {
                *held = Some(Held { at, since: Instant::now(), times_told: 0 });
                false
            }
        }
    }
}
