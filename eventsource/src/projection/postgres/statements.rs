//! The SQL of checkpoints and of the unit of work. `{schema}` stands for the schema.

use uuid::Uuid;

/// After the beginning of a transaction: the row without which it cannot commit, and the savepoint whose release
/// proves that it is still the same. Its name is the batch's own, so that no handler rolls back to it.
pub(super) fn begin_batch(id: Uuid) -> String {
    format!("INSERT INTO {{schema}}.eventsource_batches VALUES ('{id}'); SAVEPOINT eventsource_{}", id.simple())
}

/// Removes one row, in the transaction in which [`begin_batch`] made it and in no other.
pub(super) fn release_batch(id: Uuid) -> String {
    format!("RELEASE SAVEPOINT eventsource_{}; {}", id.simple(), remove_batch(id))
}

/// The same where a statement has failed: what handlers did is undone, and only who they were is still to be found out.
pub(super) fn recover_batch(id: Uuid) -> String {
    format!("ROLLBACK TO SAVEPOINT eventsource_{}; {}", id.simple(), remove_batch(id))
}

fn remove_batch(id: Uuid) -> String {
    format!("DELETE FROM {{schema}}.eventsource_batches WHERE id = '{id}'")
}

macro_rules! columns {
    () => {
        "name, position, epoch, fingerprint, updated_at"
    };
}

/// A reset leaves a row without a position, which is no checkpoint.
pub(super) const LOAD: &str =
    concat!("SELECT ", columns!(), " FROM {schema}.eventsource_checkpoints WHERE name = $1 AND position IS NOT NULL");
pub(super) const LIST: &str =
    concat!("SELECT ", columns!(), " FROM {schema}.eventsource_checkpoints WHERE position IS NOT NULL ORDER BY name");

pub(super) const CLAIM: &str = concat!(
    "INSERT INTO {schema}.eventsource_checkpoints AS mine (name, position, epoch, fingerprint, updated_at) \
     VALUES ($1, $2, 1, $3, $4) \
     ON CONFLICT (name) DO UPDATE SET position = coalesce(mine.position, excluded.position), epoch = mine.epoch + 1, \
     fingerprint = excluded.fingerprint, updated_at = excluded.updated_at RETURNING ",
    columns!()
);

/// Compare-and-set: no row changes where another owner has moved or claimed the checkpoint.
pub(super) const ADVANCE: &str = "UPDATE {schema}.eventsource_checkpoints SET position = $1, updated_at = $2 \
     WHERE name = $3 AND position = $4 AND epoch = $5";

pub(super) const CLEAR: &str = "UPDATE {schema}.eventsource_checkpoints \
     SET position = NULL, epoch = epoch + 1, updated_at = $2 WHERE name = $1";
