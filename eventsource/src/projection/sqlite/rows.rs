//! Checkpoints as rows.

use chrono::DateTime;
use sqlx::{SqliteConnection, SqliteExecutor};

use super::statements;
use crate::event::{Position, now};
use crate::projection::{Advance, Checkpoint};
use crate::store::sql::{clamped, unsigned};
use crate::store::sqlite::busy::Failure;

type Row = (String, i64, i64, String, i64);

fn checkpoint((name, position, epoch, fingerprint, updated_at): Row) -> Result<Checkpoint, Failure> {
    let position = Position::new(unsigned(position, &format!("the position of the checkpoint `{name}`"))?);
    let epoch = unsigned(epoch, &format!("the epoch of the checkpoint `{name}`"))?;
    let updated_at = DateTime::from_timestamp_micros(updated_at)
        .ok_or_else(|| Failure::Corrupt(format!("the time of the checkpoint `{name}` is {updated_at}")))?;
    Ok(Checkpoint::new(name, position, epoch, fingerprint, updated_at))
}

pub(super) async fn load(conn: impl SqliteExecutor<'_>, name: &str) -> Result<Option<Checkpoint>, Failure> {
    let row: Option<Row> = sqlx::query_as(statements::LOAD).bind(name).fetch_optional(conn).await?;
    row.map(checkpoint).transpose()
}

pub(super) async fn list(conn: impl SqliteExecutor<'_>) -> Result<Vec<Checkpoint>, Failure> {
    let rows: Vec<Row> = sqlx::query_as(statements::LIST).fetch_all(conn).await?;
    rows.into_iter().map(checkpoint).collect()
}

pub(super) async fn claim(
    conn: &mut SqliteConnection,
    name: &str,
    fingerprint: &str,
    start: Position,
) -> Result<Checkpoint, Failure> {
    sqlx::query(statements::CLAIM)
        .bind(name)
        .bind(clamped(start.value()))
        .bind(fingerprint)
        .bind(now().timestamp_micros())
        .execute(&mut *conn)
        .await?;
    load(conn, name)
        .await?
        .ok_or_else(|| Failure::Corrupt(format!("the checkpoint `{name}` vanished as it was claimed")))
}

/// Whether the step was taken.
pub(super) async fn advance(conn: &mut SqliteConnection, step: &Advance) -> Result<bool, Failure> {
    // What SQLite cannot count to is the position of no checkpoint, and the epoch of no owner.
    let (Ok(from), Ok(epoch)) = (signed(step.from), i64::try_from(step.epoch)) else { return Ok(false) };
    let done = sqlx::query(statements::ADVANCE)
        .bind(signed(step.to)?)
        .bind(now().timestamp_micros())
        .bind(&step.name)
        .bind(from)
        .bind(epoch)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn clear(conn: &mut SqliteConnection, name: &str) -> Result<(), Failure> {
    sqlx::query(statements::CLEAR).bind(name).bind(now().timestamp_micros()).execute(conn).await?;
    Ok(())
}

fn signed(position: Position) -> Result<i64, Failure> {
    i64::try_from(position.value()).map_err(|error| Failure::Database(sqlx::Error::Encode(Box::new(error))))
}
