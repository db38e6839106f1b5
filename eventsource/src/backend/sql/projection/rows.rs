//! Checkpoints as rows, on every database.

use std::time::Duration;

use super::claim::NotClaimed;
use super::columns::{CLEAR, LIST, LOAD, NEXT_EPOCH, OVERLAPPING, advance_values, checkpoint, signed, slices};
use super::request_rows::ANSWER;
use super::{CheckpointDatabase, change_letters};
use crate::backend::sql::database::SqlRow as _;
use crate::backend::sql::store::{Failure, unsigned};
use crate::backend::sql::values::Value;
use crate::event::{Position, now};
use crate::projection::{Checkpoint, CheckpointReset, CheckpointUpdate, Claim, ProjectionSnapshot, ServedRequest};

/// Returns the checkpoint with this key.
pub(in crate::backend) async fn load<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    key: &str,
) -> Result<Option<Checkpoint>, Failure> {
    let rows = db.fetch(conn, LOAD, &[Value::Text(key)]).await?;
    rows.first().map(checkpoint::<D>).transpose()
}

pub(in crate::backend) async fn list<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
) -> Result<Vec<Checkpoint>, Failure> {
    db.fetch(conn, LIST, &[]).await?.iter().map(checkpoint::<D>).collect()
}

/// Raises the counter of the epochs of the subscription for a claim of a part, and returns the new epoch. `None` if all
/// slices are claimed: that row is the counter.
pub(in crate::backend) async fn next_epoch<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    claim: &Claim<'_>,
) -> Result<Option<i64>, Failure> {
    if claim.slices.is_all() {
        return Ok(None);
    }
    let values = [Value::Text(claim.name), Value::Text(claim.fingerprint), Value::Time(now())];
    db.fetch(conn, NEXT_EPOCH, &values).await?.first().map(|row| row.number(0)).transpose()
}

/// Returns why a part is not claimed, if it overlaps another one. [`next_epoch`] has locked the counter, so no other part
/// is claimed at the same time.
pub(in crate::backend) async fn overlapping<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    claim: &Claim<'_>,
) -> Result<Option<NotClaimed>, Failure> {
    if claim.slices.is_all() {
        return Ok(None);
    }
    let [first, last] = [claim.slices.first(), claim.slices.last()].map(u16::cast_signed);
    let values = [Value::Text(claim.name), Value::Small(first), Value::Small(last)];
    let rows = db.fetch(conn, OVERLAPPING, &values).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let found = slices(row.small(0)?, row.small(1)?, claim.name)?;
    Ok(Some(NotClaimed::Overlaps { slices: claim.slices, found }))
}

/// Returns whether the checkpoint still has this owner.
pub(in crate::backend) async fn renew<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    name: &str,
    epoch: u64,
    time: Duration,
) -> Result<bool, Failure> {
    let Ok(epoch) = i64::try_from(epoch) else { return Ok(false) };
    let values = [Value::Lease(Some(time)), Value::Text(name), Value::Number(epoch)];
    Ok(db.execute(conn, D::RENEW, &values).await? > 0)
}

/// Applies `step` with everything that it carries. Returns whether it was applied.
pub(in crate::backend) async fn advance<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    step: &CheckpointUpdate,
) -> Result<bool, Failure> {
    let key = step.key();
    let Some(values) = advance_values(step, &key)? else { return Ok(false) };
    if db.execute(conn, D::ADVANCE, &values).await? != 1 {
        return Ok(false);
    }
    if let Some(served) = &step.serves
        && !answer(db, conn, served).await?
    {
        return Ok(false);
    }
    change_letters(db, conn, &step.name, &step.letters).await?;
    if let Some(state) = &step.snapshot {
        db.execute(conn, SAVE_SNAPSHOT, &[Value::Text(&key), Value::Bytes(state)]).await?;
    }
    Ok(true)
}

/// Ends the request as done. Returns whether its owner still has it.
async fn answer<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    served: &ServedRequest,
) -> Result<bool, Failure> {
    let Ok(epoch) = i64::try_from(served.epoch) else { return Ok(false) };
    let values = [
        Value::Id(served.id),
        Value::Text(&served.by),
        Value::Number(epoch),
        Value::Time(now()),
        Value::Text("done"),
        Value::Text(&served.answer),
    ];
    Ok(db.execute(conn, ANSWER, &values).await? == 1)
}

/// Clears the checkpoint. Returns `false` if an owner is named and it is no longer the owner.
pub(in crate::backend) async fn clear<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    clear: &CheckpointReset,
) -> Result<bool, Failure> {
    let rebuild_to = clear.rebuild_to.map(signed).transpose()?;
    let Ok(owner) = clear.owner.map(i64::try_from).transpose() else { return Ok(false) };
    let name = Value::Text(&clear.name);
    let values = [name, Value::Time(now()), Value::NumberOrNull(rebuild_to), Value::NumberOrNull(owner)];
    let cleared = db.execute(conn, CLEAR, &values).await?;
    if clear.owner.is_some() && cleared != 1 {
        return Ok(false);
    }
    for statement in [CLEAR_LETTERS, CLEAR_SNAPSHOT] {
        db.execute(conn, statement, &[name]).await?;
    }
    Ok(true)
}

/// Returns the snapshot of the subscription `name`.
pub(in crate::backend) async fn snapshot<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    name: &str,
) -> Result<Option<ProjectionSnapshot>, Failure> {
    let rows = db.fetch(conn, SNAPSHOT, &[Value::Text(name)]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let position = unsigned(row.number(0)?, &format!("the position of the snapshot `{name}`"))?;
    Ok(Some(ProjectionSnapshot::new(Position::new(position), row.text(1)?, row.bytes(2)?)))
}

pub(super) const CLEAR_LETTERS: &str = "DELETE FROM {schema}.eventsource_dead_letters WHERE subscription = $1";
pub(super) const CLEAR_SNAPSHOT: &str = "DELETE FROM {schema}.eventsource_snapshots WHERE name = $1";
const SNAPSHOT: &str = "SELECT position, fingerprint, state FROM {schema}.eventsource_snapshots WHERE name = $1";
const SAVE_SNAPSHOT: &str = "INSERT INTO {schema}.eventsource_snapshots (name, position, fingerprint, state) \
     SELECT name, position, fingerprint, $2 FROM {schema}.eventsource_checkpoints WHERE name = $1 \
     ON CONFLICT (name) DO UPDATE SET position = excluded.position, fingerprint = excluded.fingerprint, \
     state = excluded.state";
