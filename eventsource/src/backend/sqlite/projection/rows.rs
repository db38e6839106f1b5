//! Checkpoints as rows.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, SqliteExecutor};
use uuid::Uuid;

use super::sightings::{Sighted, Sightings};
use super::statements;
use crate::backend::sql::projection::{NotClaimed, change_letters, mark};
use crate::backend::sql::store::{clamped, unsigned};
use crate::backend::sqlite::store::busy::Failure;
use crate::event::{Position, now};
use crate::projection::{Checkpoint, CheckpointReset, CheckpointUpdate, Claim, ProjectionSnapshot};
use crate::store::LogId;

type Row = (String, i64, i64, String, i64, Option<i64>, Option<Uuid>, Option<i64>, Option<Uuid>);

fn checkpoint(
    (name, position, epoch, fingerprint, updated_at, rebuild_to, log, event_position, event_id): Row,
) -> Result<Checkpoint, Failure> {
    let position = Position::new(unsigned(position, &format!("the position of the checkpoint `{name}`"))?);
    let epoch = unsigned(epoch, &format!("the epoch of the checkpoint `{name}`"))?;
    let updated_at = time(updated_at, &name)?;
    let rebuild_to = rebuild_to.map(|target| unsigned(target, &format!("where `{name}` is rebuilt to"))).transpose()?;
    let mark = mark(&name, event_position, event_id)?;
    let checkpoint = Checkpoint::new(name, position, epoch, fingerprint, updated_at);
    Ok(checkpoint.rebuilding(rebuild_to.map(Position::new)).in_log(log.map(LogId::from_uuid), mark))
}

fn time(micros: i64, name: &str) -> Result<DateTime<Utc>, Failure> {
    DateTime::from_timestamp_micros(micros)
        .ok_or_else(|| Failure::Corrupt(format!("a time of the checkpoint `{name}` is {micros}")))
}

pub(super) async fn load(conn: impl SqliteExecutor<'_>, name: &str) -> Result<Option<Checkpoint>, Failure> {
    let row: Option<Row> = sqlx::query_as(statements::LOAD).bind(name).fetch_optional(conn).await?;
    row.map(checkpoint).transpose()
}

pub(super) async fn list(conn: impl SqliteExecutor<'_>) -> Result<Vec<Checkpoint>, Failure> {
    let rows: Vec<Row> = sqlx::query_as(statements::LIST).fetch_all(conn).await?;
    rows.into_iter().map(checkpoint).collect()
}

/// Claims the checkpoint, or returns why it was not claimed. A lease that its owner has abandoned does not block the
/// claim.
pub(super) async fn claim(
    conn: &mut SqliteConnection,
    claim: &Claim<'_>,
    sightings: &Sightings,
) -> Result<Result<Checkpoint, NotClaimed>, Failure> {
    let abandoned = claim.lease.as_ref().and_then(|lease| sightings.abandoned(claim.name, lease.time));
    let done = sqlx::query(statements::CLAIM)
        .bind(claim.name)
        .bind(clamped(claim.start.value()))
        .bind(claim.fingerprint)
        .bind(now().timestamp_micros())
        .bind(claim.lease.as_ref().map(|lease| &*lease.owner))
        .bind(claim.lease.as_ref().and_then(|lease| until(lease.time)))
        .bind(claim.log.map(|log| *log.as_uuid()))
        .bind(abandoned.map(|lease| lease.epoch))
        .bind(abandoned.map(|lease| lease.until))
        .bind(claim.unless_changed)
        .execute(&mut *conn)
        .await?;
    if done.rows_affected() == 0 {
        let (owner, epoch, until, found, is_there): (Option<String>, i64, Option<i64>, String, bool) =
            sqlx::query_as(statements::HOLDER).bind(claim.name).fetch_one(conn).await?;
        if is_there && claim.refuses(&found) {
            return Ok(Err(NotClaimed::Changed { found }));
        }
        // In one transaction: if the fingerprint is not the reason, the lease is.
        let until = until.unwrap_or_default();
        sightings.see(claim.name, Sighted { epoch, until });
        return Ok(Err(NotClaimed::Held { owner: owner.unwrap_or_default(), until: time(until, claim.name)? }));
    }
    sightings.forget(claim.name);
    let claimed = load(conn, claim.name).await?;
    let vanished = || Failure::Corrupt(format!("the checkpoint `{}` vanished as it was claimed", claim.name));
    claimed.ok_or_else(vanished).map(Ok)
}

/// Returns the end of a lease that lasts `time` from now, in microseconds since 1970; `None` if the lease is released.
fn until(time: Duration) -> Option<i64> {
    let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    (micros > 0).then(|| now().timestamp_micros().saturating_add(micros))
}

/// Returns whether the checkpoint still has this owner.
pub(super) async fn renew(
    conn: &mut SqliteConnection,
    name: &str,
    epoch: u64,
    time: Duration,
) -> Result<bool, Failure> {
    let Ok(epoch) = i64::try_from(epoch) else { return Ok(false) };
    let done = sqlx::query(statements::RENEW).bind(until(time)).bind(name).bind(epoch).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

/// Applies `step` with everything that it carries. Returns whether it was applied.
pub(super) async fn advance(conn: &mut SqliteConnection, step: &CheckpointUpdate) -> Result<bool, Failure> {
    // A number that SQLite cannot store is the position of no checkpoint and the epoch of no owner.
    let (Ok(from), Ok(epoch)) = (signed(step.from), i64::try_from(step.epoch)) else { return Ok(false) };
    let done = sqlx::query(statements::ADVANCE)
        .bind(signed(step.to)?)
        .bind(now().timestamp_micros())
        .bind(&step.name)
        .bind(from)
        .bind(epoch)
        .bind(step.lease.and_then(until))
        .bind(step.mark.map(|mark| signed(mark.position)).transpose()?)
        .bind(step.mark.map(|mark| mark.event_id))
        .execute(&mut *conn)
        .await?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    change_letters(&mut *conn, &step.name, &step.letters).await?;
    if let Some(state) = &step.snapshot {
        sqlx::query(statements::SAVE_SNAPSHOT).bind(&step.name).bind(state).execute(conn).await?;
    }
    Ok(true)
}

/// Clears the checkpoint. Returns `false` if an owner is named and it is no longer the owner.
pub(super) async fn clear(conn: &mut SqliteConnection, clear: &CheckpointReset) -> Result<bool, Failure> {
    let rebuild_to = clear.rebuild_to.map(signed).transpose()?;
    let Ok(owner) = clear.owner.map(i64::try_from).transpose() else { return Ok(false) };
    let query = sqlx::query(statements::CLEAR).bind(&clear.name).bind(now().timestamp_micros()).bind(rebuild_to);
    let cleared = query.bind(owner).execute(&mut *conn).await?.rows_affected();
    if clear.owner.is_some() && cleared != 1 {
        return Ok(false);
    }
    sqlx::query(statements::CLEAR_LETTERS).bind(&clear.name).execute(&mut *conn).await?;
    sqlx::query(statements::CLEAR_SNAPSHOT).bind(&clear.name).execute(conn).await?;
    Ok(true)
}

pub(super) async fn snapshot(conn: impl SqliteExecutor<'_>, name: &str) -> Result<Option<ProjectionSnapshot>, Failure> {
    let row: Option<(i64, String, Vec<u8>)> =
        sqlx::query_as(statements::SNAPSHOT).bind(name).fetch_optional(conn).await?;
    row.map(|(position, fingerprint, state)| {
        let position = unsigned(position, &format!("the position of the snapshot `{name}`"))?;
        Ok(ProjectionSnapshot::new(Position::new(position), fingerprint, state))
    })
    .transpose()
}

fn signed(position: Position) -> Result<i64, Failure> {
    i64::try_from(position.value()).map_err(|error| Failure::Database(sqlx::Error::Encode(Box::new(error))))
}
