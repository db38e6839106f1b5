//! The SQL of checkpoints and of the unit of work.

use uuid::Uuid;

/// One statement for the transaction and for the savepoint whose release proves that it is still the same. The name
/// of the savepoint is the batch's own, so that no handler rolls back to it.
pub(super) fn begin_batch(batch: Uuid) -> String {
    format!("BEGIN IMMEDIATE; SAVEPOINT eventsource_{}", batch.simple())
}

pub(super) fn release_batch(batch: Uuid) -> String {
    format!("RELEASE eventsource_{}", batch.simple())
}

pub(super) const BEGIN_ANEW: &str = "BEGIN";

/// The savepoint that sqlx makes for a transaction inside `depth` others.
pub(super) fn savepoint(depth: usize) -> String {
    format!("SAVEPOINT _sqlx_savepoint_{depth}")
}

macro_rules! select {
    ($($rest:literal)?) => {
        concat!("SELECT name, position, epoch, fingerprint, updated_at FROM eventsource_checkpoints ", $($rest)?)
    };
}

/// A reset leaves a row without a position, which is no checkpoint.
pub(super) const LOAD: &str = select!("WHERE name = ?1 AND position IS NOT NULL");
pub(super) const LIST: &str = select!("WHERE position IS NOT NULL ORDER BY name");

pub(super) const CLAIM: &str = "INSERT INTO eventsource_checkpoints AS mine (name, position, epoch, fingerprint, updated_at) \
     VALUES (?1, ?2, 1, ?3, ?4) \
     ON CONFLICT (name) DO UPDATE SET position = coalesce(mine.position, excluded.position), epoch = mine.epoch + 1, \
     fingerprint = excluded.fingerprint, updated_at = excluded.updated_at";

/// Compare-and-set: no row changes where another owner has moved or claimed the checkpoint.
pub(super) const ADVANCE: &str = "UPDATE eventsource_checkpoints SET position = ?1, updated_at = ?2 \
     WHERE name = ?3 AND position = ?4 AND epoch = ?5";

pub(super) const CLEAR: &str =
    "UPDATE eventsource_checkpoints SET position = NULL, epoch = epoch + 1, updated_at = ?2 WHERE name = ?1";
