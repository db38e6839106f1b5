//! The columns of a checkpoint: the statements that read and write them, and the values. A new column is added here and
//! in `projection/checkpoint.rs`, and nowhere else in the code.
//!
//! A macro is a statement to which each database adds its own leases.

use super::mark;
use crate::backend::sql::database::{SqlDatabase, SqlRow as _};
use crate::backend::sql::store::{Failure, clamped, unsigned};
use crate::backend::sql::values::Value;
use crate::event::{Position, SliceRange, now};
use crate::projection::operations::Pause;
use crate::projection::{Checkpoint, CheckpointUpdate, Claim, Leased};
use crate::store::LogId;

/// The columns that [`checkpoint`] reads, in its order.
macro_rules! checkpoint_columns {
    () => {
        "name, position, epoch, fingerprint, updated_at, rebuild_to, log_id, event_position, event_id, subscription, \
         slice_from, slice_to, owner, leased_until, paused_at, paused_by, paused_reason"
    };
}

/// Claims a checkpoint, with the values of [`claim_values`]. `$10` is the epoch of a claim of a part. `$lease` is the end
/// of the lease, and `$is_free` a condition under which a lease of another owner ends.
///
/// It returns the claimed checkpoint. It changes no row if another owner holds a lease and the claim asks for one.
macro_rules! claim_checkpoint {
    ($lease:literal, $is_free:literal) => {
        concat!(
            "INSERT INTO {schema}.eventsource_checkpoints AS mine \
             (name, position, epoch, fingerprint, updated_at, owner, leased_until, log_id, subscription, slice_from, slice_to) \
             VALUES ($1, $2, coalesce(CAST($10 AS bigint), 1), $3, $11, $4, ",
            $lease,
            ", $5, $7, $8, $9) ON CONFLICT (name) DO UPDATE SET \
             position = coalesce(mine.position, excluded.position), \
             epoch = coalesce(CAST($10 AS bigint), mine.epoch + 1), \
             fingerprint = excluded.fingerprint, updated_at = excluded.updated_at, owner = excluded.owner, \
             leased_until = excluded.leased_until, \
             log_id = CASE WHEN mine.position IS NULL THEN excluded.log_id ELSE coalesce(mine.log_id, excluded.log_id) END, \
             event_position = CASE WHEN mine.position IS NOT NULL THEN mine.event_position END \
             WHERE (excluded.owner IS NULL OR mine.leased_until IS NULL OR mine.owner = excluded.owner OR ",
            $is_free,
            ") AND (NOT $6 OR mine.position IS NULL OR mine.fingerprint = excluded.fingerprint) RETURNING ",
            $crate::backend::sql::projection::columns::checkpoint_columns!()
        )
    };
}

/// Moves a checkpoint by compare-and-set, with the values of [`advance_values`]: changes no row if another owner moved
/// or claimed it.
macro_rules! advance_checkpoint {
    ($lease:literal) => {
        concat!(
            "UPDATE {schema}.eventsource_checkpoints SET position = $1, updated_at = $7, \
             rebuild_to = CASE WHEN rebuild_to > $1 THEN rebuild_to END, leased_until = coalesce(",
            $lease,
            ", leased_until), event_position = coalesce($5, event_position), event_id = coalesce($6, event_id) \
             WHERE name = $2 AND position = $3 AND epoch = $4"
        )
    };
}

pub(in crate::backend) use {advance_checkpoint, checkpoint_columns, claim_checkpoint};

/// Selects the checkpoint with the key `$1`. A reset leaves a row without a position: that is no checkpoint.
pub(super) const LOAD: &str = concat!(
    "SELECT ",
    checkpoint_columns!(),
    " FROM {schema}.eventsource_checkpoints WHERE name = $1 AND position IS NOT NULL"
);

pub(super) const LIST: &str = concat!(
    "SELECT ",
    checkpoint_columns!(),
    " FROM {schema}.eventsource_checkpoints WHERE position IS NOT NULL \
     ORDER BY coalesce(subscription, name), slice_from"
);

/// Clears the checkpoint `$1` at the time `$2`, for a rebuild up to `$3`, if the owner has the epoch `$4` or `$4` is
/// null.
pub(super) const CLEAR: &str = "UPDATE {schema}.eventsource_checkpoints \
     SET position = NULL, epoch = epoch + 1, updated_at = $2, rebuild_to = $3, leased_until = NULL, \
     log_id = NULL, event_position = NULL, event_id = NULL \
     WHERE name = $1 AND (CAST($4 AS bigint) IS NULL OR (epoch = $4 AND position IS NOT NULL))";

/// Starts the claimed checkpoint `$1` as that of a next generation, with the hold in `$5` to `$7`.
pub(super) const BEGIN_NEXT: &str = "UPDATE {schema}.eventsource_checkpoints \
     SET position = $2, rebuild_to = $3, log_id = $4, event_position = NULL, event_id = NULL, \
     paused_at = $5, paused_by = $6, paused_reason = $7 WHERE name = $1";

/// Copies the checkpoint `$2` over `$1` at the time `$3`, and fences the owner of `$1`.
pub(super) const SWITCH: &str = "INSERT INTO {schema}.eventsource_checkpoints \
     AS live (name, position, epoch, fingerprint, updated_at, rebuild_to, log_id, event_position, event_id) \
     SELECT $1, position, 1, fingerprint, $3, rebuild_to, log_id, event_position, event_id \
     FROM {schema}.eventsource_checkpoints WHERE name = $2 \
     ON CONFLICT (name) DO UPDATE SET position = excluded.position, epoch = live.epoch + 1, \
     fingerprint = excluded.fingerprint, updated_at = excluded.updated_at, rebuild_to = excluded.rebuild_to, \
     owner = NULL, leased_until = NULL, \
     log_id = excluded.log_id, event_position = excluded.event_position, event_id = excluded.event_id";

/// Raises the counter of the epochs of the subscription `$1`, and returns the new epoch. The counter is the row of all
/// slices, which need not be a checkpoint. `$2` is the fingerprint, and `$3` the time.
pub(super) const NEXT_EPOCH: &str = "INSERT INTO {schema}.eventsource_checkpoints \
     AS mine (name, position, epoch, fingerprint, updated_at) VALUES ($1, NULL, 1, $2, $3) \
     ON CONFLICT (name) DO UPDATE SET epoch = mine.epoch + 1 RETURNING epoch";

/// Finds a part of the subscription `$1` with some of the slices from `$2` to `$3`, but not with the same ones.
pub(super) const OVERLAPPING: &str = "SELECT slice_from, slice_to FROM {schema}.eventsource_checkpoints \
     WHERE subscription = $1 AND slice_from <= $3 AND slice_to >= $2 \
     AND (slice_from <> $2 OR slice_to <> $3) ORDER BY slice_from LIMIT 1";

/// The values of [`claim_checkpoint`]: `$1` to `$12`, of which `$11` is the time and `$12` the lease. `key` is the key
/// of the claim, and `epoch` the new epoch of a part.
pub(in crate::backend) fn claim_values<'a>(claim: &'a Claim<'_>, key: &'a str, epoch: Option<i64>) -> [Value<'a>; 12] {
    [
        Value::Text(key),
        Value::Number(clamped(claim.start.value())),
        Value::Text(claim.fingerprint),
        Value::TextOrNull(claim.lease.as_ref().map(|lease| &*lease.owner)),
        Value::IdOrNull(claim.log.map(|log| *log.as_uuid())),
        Value::Flag(claim.unless_changed),
        Value::TextOrNull((!claim.slices.is_all()).then_some(claim.name)),
        Value::Small(claim.slices.first().cast_signed()),
        Value::Small(claim.slices.last().cast_signed()),
        Value::NumberOrNull(epoch),
        Value::Time(now()),
        Value::Lease(claim.lease.as_ref().map(|lease| lease.time)),
    ]
}

/// The values of [`advance_checkpoint`]: `$1` to `$8`, of which `$7` is the time and `$8` the lease. `key` is the key of
/// `step`. `None` if no checkpoint can match, because a database does not store such numbers.
pub(in crate::backend) fn advance_values<'a>(
    step: &CheckpointUpdate,
    key: &'a str,
) -> Result<Option<[Value<'a>; 8]>, Failure> {
    let (Ok(from), Ok(epoch)) = (signed(step.from), i64::try_from(step.epoch)) else { return Ok(None) };
    Ok(Some([
        Value::Number(signed(step.to)?),
        Value::Text(key),
        Value::Number(from),
        Value::Number(epoch),
        Value::NumberOrNull(step.mark.map(|mark| signed(mark.position)).transpose()?),
        Value::IdOrNull(step.mark.map(|mark| mark.event_id)),
        Value::Time(now()),
        Value::Lease(step.lease),
    ]))
}

pub(in crate::backend) fn signed(position: Position) -> Result<i64, Failure> {
    i64::try_from(position.value()).map_err(|error| Failure::Database(sqlx::Error::Encode(Box::new(error))))
}

/// Reads a row of [`checkpoint_columns`].
pub(in crate::backend) fn checkpoint<D: SqlDatabase>(row: &D::Row) -> Result<Checkpoint, Failure> {
    let key = row.text(0)?;
    let position = Position::new(unsigned(row.number(1)?, &format!("the position of the checkpoint `{key}`"))?);
    let epoch = unsigned(row.number(2)?, &format!("the epoch of the checkpoint `{key}`"))?;
    let fingerprint = row.text(3)?;
    let updated_at = D::time(row, 4, || format!("a time of the checkpoint `{key}`"))?;
    let rebuild_to = row.number_or_null(5)?;
    let rebuild_to = rebuild_to.map(|target| unsigned(target, &format!("where `{key}` is rebuilt to"))).transpose()?;
    let log = row.id_or_null(6)?.map(LogId::from_uuid);
    let mark = mark(&key, row.number_or_null(7)?, row.id_or_null(8)?)?;
    let subscription = row.text_or_null(9)?;
    let slices = slices(row.small(10)?, row.small(11)?, &key)?;
    let until = D::lease_end(row, 13, || format!("the lease of the checkpoint `{key}`"))?;
    let lease = row.text_or_null(12)?.zip(until).map(|(owner, until)| Leased::new(owner, until));
    let pause = pause::<D>(row, 14, &key)?;
    let checkpoint = Checkpoint::new(subscription.unwrap_or(key), position, epoch, fingerprint, updated_at);
    let checkpoint = checkpoint.rebuilding(rebuild_to.map(Position::new)).in_log(log, mark).slices(slices);
    Ok(checkpoint.leased(lease).paused(pause))
}

/// Reads the pause of the checkpoint `key`, whose columns begin with `first`.
pub(super) fn pause<D: SqlDatabase>(row: &D::Row, first: usize, key: &str) -> Result<Option<Pause>, Failure> {
    let at = D::time_or_null(row, first, || format!("the time of the pause of `{key}`"))?;
    let (by, reason) = (row.text_or_null(first + 1)?, row.text_or_null(first + 2)?);
    Ok(at.map(|at| Pause::new(by.unwrap_or_default(), reason.unwrap_or_default(), at)))
}

/// Reads the slices of the checkpoint `key`.
pub(super) fn slices(from: i16, to: i16, key: &str) -> Result<SliceRange, Failure> {
    let slices = u16::try_from(from).ok().zip(u16::try_from(to).ok()).and_then(|(from, to)| SliceRange::new(from, to));
    slices.ok_or_else(|| Failure::Corrupt(format!("the slices of the checkpoint `{key}`")))
}
