//! Checkpoints as rows.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::statements;
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::sql::projection::columns::{self, CheckpointRow, advance_values, claim_values, signed};
use crate::backend::sql::projection::{NotClaimed, bind_values, change_letters};
use crate::backend::sql::store::{Failure, unsigned};
use crate::event::{Position, now};
use crate::projection::{Checkpoint, CheckpointReset, CheckpointUpdate, Claim, ProjectionSnapshot};

type Row = CheckpointRow<DateTime<Utc>>;

/// The owner of a checkpoint, the end of its lease, its fingerprint, and whether it has a position.
type Holder = (Option<String>, Option<DateTime<Utc>>, String, bool);

fn checkpoint(row: Row) -> Result<Checkpoint, Failure> {
    columns::checkpoint(row, |time, _| Ok(time))
}

pub(super) async fn load(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    name: &str,
) -> Result<Option<Checkpoint>, Failure> {
    let query = sqlx::query_as(db.sql(statements::LOAD)).bind(name).persistent(db.names_statements());
    let row: Option<Row> = query.fetch_optional(conn).await?;
    row.map(checkpoint).transpose()
}

pub(super) async fn list(db: &PostgresDatabase, conn: &mut PgConnection) -> Result<Vec<Checkpoint>, Failure> {
    let query = sqlx::query_as(db.sql(statements::LIST)).persistent(db.names_statements());
    let rows: Vec<Row> = query.fetch_all(conn).await?;
    rows.into_iter().map(checkpoint).collect()
}

/// Claims the checkpoint, or returns why it was not claimed. Then the caller rolls back, if a part was claimed.
pub(super) async fn claim(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    claim: &Claim<'_>,
) -> Result<Result<Checkpoint, NotClaimed>, Failure> {
    let (key, epoch) = (claim.key(), next_epoch(db, &mut *conn, claim).await?);
    let values = claim_values(claim, &key, epoch);
    loop {
        let query = bind_values!(sqlx::query_as(db.sql(statements::CLAIM)), &values)
            .bind(now())
            .bind(claim.lease.as_ref().and_then(|lease| micros(lease.time)))
            .persistent(db.names_statements());
        if let Some(row) = query.fetch_optional(&mut *conn).await? {
            return Ok(Ok(checkpoint(row)?));
        }
        let query = sqlx::query_as(db.sql(statements::HOLDER)).bind(&*key).persistent(db.names_statements());
        let found: Option<Holder> = query.fetch_optional(&mut *conn).await?;
        match found {
            Some((_, _, found, true)) if claim.refuses(&found) => return Ok(Err(NotClaimed::Changed { found })),
            Some((Some(owner), Some(until), ..)) => return Ok(Err(NotClaimed::Held { owner, until })),
            // The lease was released between the two statements: claim again.
            _ => {}
        }
    }
}

/// Raises the counter of the epochs of the subscription for a claim of a part, and returns the new epoch. `None` if all
/// slices are claimed: that row is the counter.
async fn next_epoch(db: &PostgresDatabase, conn: &mut PgConnection, claim: &Claim<'_>) -> Result<Option<i64>, Failure> {
    if claim.slices.is_all() {
        return Ok(None);
    }
    let query = sqlx::query_scalar(db.sql(statements::NEXT_EPOCH)).bind(claim.name).bind(claim.fingerprint).bind(now());
    Ok(Some(query.persistent(db.names_statements()).fetch_one(conn).await?))
}

/// Returns the time of a lease in microseconds; `None` if the lease is released.
fn micros(time: Duration) -> Option<i64> {
    Some(i64::try_from(time.as_micros()).unwrap_or(i64::MAX)).filter(|micros| *micros > 0)
}

/// Returns whether the checkpoint still has this owner.
pub(super) async fn renew(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    name: &str,
    epoch: u64,
    time: Duration,
) -> Result<bool, Failure> {
    let Ok(epoch) = i64::try_from(epoch) else { return Ok(false) };
    let query = sqlx::query(db.sql(statements::RENEW)).bind(micros(time)).bind(name).bind(epoch);
    Ok(query.persistent(db.names_statements()).execute(conn).await?.rows_affected() > 0)
}

/// Applies `step` with everything that it carries. Returns whether it was applied.
pub(super) async fn advance(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    step: &CheckpointUpdate,
) -> Result<bool, Failure> {
    let key = step.key();
    let Some(values) = advance_values(step, &key)? else { return Ok(false) };
    let done = bind_values!(sqlx::query(db.sql(statements::ADVANCE)), &values)
        .bind(now())
        .bind(step.lease.and_then(micros))
        .persistent(db.names_statements())
        .execute(&mut *conn)
        .await?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    change_letters((db, &mut *conn), &step.name, &step.letters).await?;
    if let Some(state) = &step.snapshot {
        let query = sqlx::query(db.sql(statements::SAVE_SNAPSHOT)).bind(&*key).bind(state);
        query.persistent(db.names_statements()).execute(conn).await?;
    }
    Ok(true)
}

/// Clears the checkpoint. Returns `false` if an owner is named and it is no longer the owner.
pub(super) async fn clear(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    clear: &CheckpointReset,
) -> Result<bool, Failure> {
    let rebuild_to = clear.rebuild_to.map(signed).transpose()?;
    let Ok(owner) = clear.owner.map(i64::try_from).transpose() else { return Ok(false) };
    let query = sqlx::query(db.sql(statements::CLEAR)).bind(&clear.name).bind(now()).bind(rebuild_to).bind(owner);
    let cleared = query.persistent(db.names_statements()).execute(&mut *conn).await?.rows_affected();
    if clear.owner.is_some() && cleared != 1 {
        return Ok(false);
    }
    for statement in [statements::CLEAR_LETTERS, statements::CLEAR_SNAPSHOT] {
        sqlx::query(db.sql(statement)).bind(&clear.name).persistent(db.names_statements()).execute(&mut *conn).await?;
    }
    Ok(true)
}

pub(super) async fn snapshot(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    name: &str,
) -> Result<Option<ProjectionSnapshot>, Failure> {
    let query = sqlx::query_as(db.sql(statements::SNAPSHOT)).bind(name).persistent(db.names_statements());
    let row: Option<(i64, String, Vec<u8>)> = query.fetch_optional(conn).await?;
    row.map(|(position, fingerprint, state)| {
        let position = unsigned(position, &format!("the position of the snapshot `{name}`"))?;
        Ok(ProjectionSnapshot::new(Position::new(position), fingerprint, state))
    })
    .transpose()
}
