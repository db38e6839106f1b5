//! Checkpoints as rows.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{SqliteConnection, SqliteExecutor};

use super::sightings::{Sighted, Sightings};
use super::statements;
use crate::backend::sql::projection::columns::{self, CheckpointRow, advance_values, claim_values, signed};
use crate::backend::sql::projection::{NotClaimed, bind_values, change_letters};
use crate::backend::sql::store::unsigned;
use crate::backend::sqlite::store::busy::Failure;
use crate::event::{Position, now};
use crate::projection::{Checkpoint, CheckpointReset, CheckpointUpdate, Claim, ProjectionSnapshot};

type Row = CheckpointRow<i64>;

fn checkpoint(row: Row) -> Result<Checkpoint, Failure> {
    columns::checkpoint(row, time)
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
    let key = claim.key();
    let abandoned = claim.lease.as_ref().and_then(|lease| sightings.abandoned(&key, lease.time));
    let epoch = next_epoch(&mut *conn, claim).await?;
    let values = claim_values(claim, &key, epoch);
    let done = bind_values!(sqlx::query(statements::CLAIM), &values)
        .bind(now().timestamp_micros())
        .bind(claim.lease.as_ref().and_then(|lease| until(lease.time)))
        .bind(abandoned.map(|lease| lease.epoch))
        .bind(abandoned.map(|lease| lease.until))
        .execute(&mut *conn)
        .await?;
    if done.rows_affected() == 0 {
        let (owner, epoch, until, found, is_there): (Option<String>, i64, Option<i64>, String, bool) =
            sqlx::query_as(statements::HOLDER).bind(&*key).fetch_one(conn).await?;
        if is_there && claim.refuses(&found) {
            return Ok(Err(NotClaimed::Changed { found }));
        }
        // In one transaction: if the fingerprint is not the reason, the lease is.
        let until = until.unwrap_or_default();
        sightings.see(&key, Sighted { epoch, until });
        return Ok(Err(NotClaimed::Held { owner: owner.unwrap_or_default(), until: time(until, claim.name)? }));
    }
    sightings.forget(&key);
    let claimed = load(conn, &key).await?;
    let vanished = || Failure::Corrupt(format!("the checkpoint `{}` vanished as it was claimed", claim.name));
    claimed.ok_or_else(vanished).map(Ok)
}

/// Raises the counter of the epochs of the subscription for a claim of a part, and returns the new epoch. `None` if all
/// slices are claimed: that row is the counter.
async fn next_epoch(conn: &mut SqliteConnection, claim: &Claim<'_>) -> Result<Option<i64>, Failure> {
    if claim.slices.is_all() {
        return Ok(None);
    }
    let query = sqlx::query_scalar(statements::NEXT_EPOCH).bind(claim.name).bind(claim.fingerprint);
    Ok(Some(query.bind(now().timestamp_micros()).fetch_one(conn).await?))
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
    Ok(done.rows_affected() > 0)
}

/// Applies `step` with everything that it carries. Returns whether it was applied.
pub(super) async fn advance(conn: &mut SqliteConnection, step: &CheckpointUpdate) -> Result<bool, Failure> {
    let key = step.key();
    let Some(values) = advance_values(step, &key)? else { return Ok(false) };
    let done = bind_values!(sqlx::query(statements::ADVANCE), &values)
        .bind(now().timestamp_micros())
        .bind(step.lease.and_then(until))
        .execute(&mut *conn)
        .await?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    change_letters(&mut *conn, &step.name, &step.letters).await?;
    if let Some(state) = &step.snapshot {
        sqlx::query(statements::SAVE_SNAPSHOT).bind(&*key).bind(state).execute(conn).await?;
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
