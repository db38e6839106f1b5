//! The checkpoint of the next generation, and how it becomes the live one, on every database.

use super::CheckpointDatabase;
use super::claim::NotClaimed;
use super::columns::{BEGIN_NEXT, SWITCH};
use super::request_rows::RESUME;
use super::rows::{CLEAR_LETTERS, CLEAR_SNAPSHOT, clear, load};
use crate::backend::sql::store::{Failure, clamped};
use crate::backend::sql::values::Value;
use crate::event::{Position, now};
use crate::projection::generation::{NEXT_CHECKPOINT, next_checkpoint};
use crate::projection::{Checkpoint, CheckpointReset, Claim, Switch, Switched};

/// The result of a claim of a next generation.
pub(in crate::backend) enum Claimed {
    /// It continues.
    GoesOn(Checkpoint),
    /// It begins. `replaces` says whether tables of an earlier next generation exist.
    Begins { checkpoint: Checkpoint, replaces: bool },
    /// It was not claimed.
    Not(NotClaimed),
}

/// Returns why the next generation is not claimed, if another process has the lease on the live one. It locks both
/// checkpoints.
pub(in crate::backend) async fn owned_elsewhere<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    claim: &Claim<'_>,
) -> Result<Option<NotClaimed>, Failure> {
    let Some(owner) = claim.live_owner else { return Ok(None) };
    let live = claim.name.strip_suffix(NEXT_CHECKPOINT).unwrap_or(claim.name);
    if let Some(lock) = D::LOCK_BOTH {
        db.execute(conn, lock, &[Value::Text(live), Value::Text(claim.name)]).await?;
    }
    let lease = load(db, conn, live).await?.and_then(|live| live.lease).filter(|lease| lease.owner != owner);
    Ok(lease.map(|lease| NotClaimed::Held { owner: lease.owner, until: lease.until }))
}

/// Begins the claimed checkpoint of a next generation, unless it continues `before`, the one that was found.
pub(in crate::backend) async fn begin<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    claim: &Claim<'_>,
    target: Position,
    before: Option<Checkpoint>,
    claimed: Checkpoint,
) -> Result<Claimed, Failure> {
    if before.as_ref().is_some_and(|before| before.fingerprint == claim.fingerprint) {
        return Ok(Claimed::GoesOn(claimed));
    }
    let (start, target) = (clamped(claim.start.value()), clamped(target.value()));
    let log = claim.log.map(|log| *log.as_uuid());
    let (name, log) = (Value::Text(claim.name), Value::IdOrNull(log));
    let hold = claim.hold;
    let held_at = Value::TimeOrNull(hold.map(|hold| hold.at));
    let (by, reason) = (hold.map(|hold| &*hold.by), hold.map(|hold| &*hold.reason));
    let (start, target) = (Value::Number(start), Value::Number(target));
    let values = [name, start, target, log, held_at, Value::TextOrNull(by), Value::TextOrNull(reason)];
    db.execute(conn, BEGIN_NEXT, &values).await?;
    db.execute(conn, CLEAR_LETTERS, &[name]).await?;
    let checkpoint = load(db, conn, claim.name).await?.unwrap_or(claimed);
    Ok(Claimed::Begins { checkpoint, replaces: before.is_some() })
}

/// Returns why the next generation may not replace the live one; `None` if it may. It locks both checkpoints.
pub(in crate::backend) async fn may_switch<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    switch: &Switch,
) -> Result<Option<Switched>, Failure> {
    let next = next_checkpoint(&switch.name);
    if let Some(lock) = D::LOCK_BOTH {
        db.execute(conn, lock, &[Value::Text(&switch.name), Value::Text(&next)]).await?;
    }
    let next = load(db, conn, &next).await?;
    let live = load(db, conn, &switch.name).await?;
    Ok(refused(switch, next.as_ref(), live))
}

/// Makes the checkpoint and the dead letters of the next generation the live ones.
pub(in crate::backend) async fn switch<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    name: &str,
) -> Result<(), Failure> {
    let next = next_checkpoint(name);
    let (live, from) = (Value::Text(name), Value::Text(&next));
    db.execute(conn, SWITCH, &[live, from, Value::Time(now())]).await?;
    db.execute(conn, CLEAR_LETTERS, &[live]).await?;
    db.execute(conn, MOVE_LETTERS, &[live, from]).await?;
    db.execute(conn, CLEAR_SNAPSHOT, &[live]).await?;
    discard(db, conn, name).await
}

/// Removes the checkpoint of the next generation.
pub(in crate::backend) async fn discard<D: CheckpointDatabase>(
    db: &D,
    conn: &mut D::Connection,
    name: &str,
) -> Result<(), Failure> {
    let next = next_checkpoint(name);
    // A pause outlives a reset, but a hold ends with its next generation.
    db.execute(conn, RESUME, &[Value::Text(&next)]).await?;
    clear(db, conn, &CheckpointReset::new(next)).await.map(drop)
}

const MOVE_LETTERS: &str = "UPDATE {schema}.eventsource_dead_letters SET subscription = $1 WHERE subscription = $2";

/// Returns why the next generation may not replace the live one; `None` if it may.
fn refused(switch: &Switch, next: Option<&Checkpoint>, live: Option<Checkpoint>) -> Option<Switched> {
    if next.is_none_or(|next| (next.epoch, next.position) != (switch.epoch, switch.position)) {
        return Some(Switched::Fenced);
    }
    if next.is_some_and(|next| next.pause.is_some()) {
        return Some(Switched::Held);
    }
    let live = live?;
    if switch.replaces.as_ref().is_some_and(|replaces| *replaces != live.fingerprint) {
        return Some(Switched::Changed { found: live.fingerprint });
    }
    (live.position > switch.position && !switch.from_lost_log).then_some(Switched::Behind(live.position))
}
