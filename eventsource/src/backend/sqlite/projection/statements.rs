//! The SQL of checkpoints and of the unit of work.

use uuid::Uuid;

use crate::backend::sql::projection::columns::{
    advance_checkpoint, begin_next_checkpoint, checkpoint_columns, claim_checkpoint, clear_checkpoint, next_epoch,
    switch_checkpoint,
};

/// Begins the transaction, and a savepoint whose release proves that it is still the same transaction, in one
/// statement. The savepoint's name is unique, so no handler rolls back to it.
pub(super) fn begin_batch(batch: Uuid) -> String {
    format!("BEGIN IMMEDIATE; SAVEPOINT eventsource_{}", batch.simple())
}

/// As [`begin_batch`], on a connection for a handler. It reads the schema again if that has changed: the driver
/// remembers the columns of a statement from when it was prepared, and panics on a row with more columns.
pub(super) fn begin_lent_batch(batch: Uuid) -> String {
    format!("{}; {READ_SCHEMA}", begin_batch(batch))
}

pub(super) const READ_SCHEMA: &str = "SELECT 1 FROM sqlite_schema LIMIT 1";

pub(super) fn release_batch(batch: Uuid) -> String {
    format!("RELEASE eventsource_{}", batch.simple())
}

/// Runs first on a connection that a handler had, since this crate's own statements write.
pub(super) const WRITE_AGAIN: &str = "PRAGMA query_only = OFF";

/// Selects what a handler changed and the next event would see, as far as SQLite shows it.
pub(super) const CHANGED: &str = "SELECT concat_ws(', ', \
     (SELECT 'query_only' FROM pragma_query_only WHERE query_only <> 0), \
     (SELECT 'ignore_check_constraints' FROM pragma_ignore_check_constraints WHERE ignore_check_constraints <> 0), \
     (SELECT 'recursive_triggers' FROM pragma_recursive_triggers WHERE recursive_triggers <> 0), \
     (SELECT 'reverse_unordered_selects' FROM pragma_reverse_unordered_selects WHERE reverse_unordered_selects <> 0), \
     (SELECT 'read_uncommitted' FROM pragma_read_uncommitted WHERE read_uncommitted <> 0), \
     (SELECT 'locking_mode' FROM pragma_locking_mode WHERE locking_mode <> 'normal'), \
     (SELECT group_concat('the temporary ' || type || ' ' || name, ', ') FROM temp.sqlite_schema), \
     (SELECT group_concat('the attached database ' || name, ', ') FROM pragma_database_list \
      WHERE name NOT IN ('main', 'temp')))";

macro_rules! select {
    ($($rest:literal)?) => {
        concat!(
            "SELECT ",
            checkpoint_columns!(),
            " FROM eventsource_checkpoints ",
            $($rest)?
        )
    };
}

/// The letters of the subscription `?1` behind which the streams in the JSON array `?2` are parked.
macro_rules! parked {
    () => {
        "FROM json_each(?2) AS stream \
         CROSS JOIN eventsource_dead_letters AS own INDEXED BY eventsource_dead_letters_by_stream \
         WHERE own.subscription = ?1 AND own.aggregate_type = stream.value ->> 0 \
         AND own.aggregate_id = unhex(stream.value ->> 1) AND own.parks = 1"
    };
}

/// A reset leaves a row without a position: that is no checkpoint.
pub(super) const LOAD: &str = select!("WHERE name = ?1 AND position IS NOT NULL");
pub(super) const LIST: &str = select!("WHERE position IS NOT NULL ORDER BY coalesce(subscription, name), slice_from");

/// `$11` is the time, and `$12` the end of the lease. A lease with the epoch `$13` and the end `$14` is free.
pub(super) const CLAIM: &str =
    claim_checkpoint!("eventsource_checkpoints", "$11", "$12", "(mine.epoch = $13 AND mine.leased_until = $14)");
pub(super) const NEXT_EPOCH: &str = next_epoch!("eventsource_checkpoints");
/// Selects the reason why a checkpoint was not claimed.
pub(super) const HOLDER: &str =
    "SELECT owner, epoch, leased_until, fingerprint, position IS NOT NULL FROM eventsource_checkpoints WHERE name = ?1";

/// No two checkpoints of a subscription have one epoch.
pub(super) const RENEW: &str = "UPDATE eventsource_checkpoints SET leased_until = ?1 WHERE (name = ?2 OR subscription = ?2) AND epoch = ?3 \
     AND position IS NOT NULL";

/// `$7` is the time, and `$8` the lease.
pub(super) const ADVANCE: &str = advance_checkpoint!("eventsource_checkpoints", "$7", "$8");

pub(super) const CLEAR: &str = clear_checkpoint!("eventsource_checkpoints");
pub(super) const BEGIN_NEXT: &str = begin_next_checkpoint!("eventsource_checkpoints");
pub(super) const SWITCH: &str = switch_checkpoint!("eventsource_checkpoints");
pub(super) const MOVE_LETTERS: &str = "UPDATE eventsource_dead_letters SET subscription = ?1 WHERE subscription = ?2";
pub(super) const CLEAR_LETTERS: &str = "DELETE FROM eventsource_dead_letters WHERE subscription = ?1";
pub(super) const CLEAR_SNAPSHOT: &str = "DELETE FROM eventsource_snapshots WHERE name = ?1";

macro_rules! letters {
    ($which:literal) => {
        concat!(
            "SELECT letter, held FROM eventsource_dead_letters ",
            $which,
            " AND subscription = ?1 AND position > ?2 ORDER BY position LIMIT ?3"
        )
    };
}

/// Each page has its own index, so that letters of other kinds are not read, however many there are.
pub(super) const LETTERS: &str = letters!("WHERE true");
pub(super) const PARKING_LETTERS: &str = letters!("INDEXED BY eventsource_dead_letters_parking WHERE parks = 1");
pub(super) const RELEASED_LETTERS: &str = letters!(
    "INDEXED BY eventsource_dead_letters_released WHERE parks = 1 AND instr(letter, '\"state\":\"Released\"') > 0"
);
pub(super) const DISMISSED_LETTERS: &str = letters!("INDEXED BY eventsource_dead_letters_dismissed WHERE parks = 0");
/// `?4` is a text that the letter contains.
pub(super) const FAILED_LETTERS: &str =
    letters!("WHERE instr(letter, ?4) > 0 AND instr(letter, '\"state\":\"Released\"') = 0");
pub(super) const LETTERS_OF_EVENT: &str = letters!("WHERE instr(letter, ?4) > 0");
/// Selects the position of the last of the next `?3` dismissed letters after `?2`.
pub(super) const DISMISSED_UP_TO: &str = "SELECT max(position) FROM (SELECT position FROM eventsource_dead_letters \
     INDEXED BY eventsource_dead_letters_dismissed WHERE parks = 0 AND subscription = ?1 AND position > ?2 \
     ORDER BY position LIMIT ?3)";
/// Deletes the letters that were dismissed before `?4`, a time without `Z`.
pub(super) const FORGET_DISMISSED: &str = "DELETE FROM eventsource_dead_letters WHERE parks = 0 AND subscription = ?1 \
     AND position > ?2 AND position <= ?3 AND rtrim(letter ->> '$.state.Dismissed.at', 'Z') < ?4";
pub(super) const LETTER: &str =
    "SELECT letter, held FROM eventsource_dead_letters WHERE subscription = ?1 AND position = ?2";
/// `?2` is a JSON array of streams, each as its type and its id in hexadecimal.
pub(super) const PARKED: &str = concat!("SELECT own.letter, own.held ", parked!());
/// Counts at most `?2` letters of each of the subscriptions in the JSON array `?1`.
pub(super) const LETTER_COUNTS: &str = "SELECT wanted.value, \
         (SELECT count(*) FROM (SELECT 1 FROM eventsource_dead_letters INDEXED BY eventsource_dead_letters_parking \
             WHERE subscription = wanted.value AND parks = 1 LIMIT ?2)), \
         (SELECT coalesce(sum(held), 0) FROM (SELECT held FROM eventsource_dead_letters \
             INDEXED BY eventsource_dead_letters_parking \
             WHERE subscription = wanted.value AND parks = 1 ORDER BY position LIMIT ?2)) \
     FROM json_each(?1) AS wanted";
pub(super) const INSERT_LETTER: &str = "INSERT OR REPLACE INTO eventsource_dead_letters \
     (subscription, position, aggregate_type, aggregate_id, parks, held, letter) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
pub(super) const HOLD_BEHIND_LETTER: &str = "UPDATE eventsource_dead_letters SET held = held + ?4 \
     WHERE subscription = ?1 AND aggregate_type = ?2 AND aggregate_id = ?3 AND parks = 1";
pub(super) const RELEASE_STREAMS: &str = concat!(
    "DELETE FROM eventsource_dead_letters WHERE subscription = ?1 AND position IN (SELECT own.position ",
    parked!(),
    ")"
);

pub(super) const SNAPSHOT: &str = "SELECT position, fingerprint, state FROM eventsource_snapshots WHERE name = ?1";
pub(super) const SAVE_SNAPSHOT: &str = "INSERT OR REPLACE INTO eventsource_snapshots (name, position, fingerprint, state) \
     SELECT name, position, fingerprint, ?2 FROM eventsource_checkpoints WHERE name = ?1";

/// Selects the builder of the table `?1`: the subscription and its fingerprint, then the fingerprint, position and
/// target of the next generation. The name of its checkpoint is that of the subscription, followed by `?2`.
pub(super) const BUILT: &str = "SELECT own.subscription, live.fingerprint, next.fingerprint, next.position, next.rebuild_to \
     FROM eventsource_read_models AS own \
     LEFT JOIN eventsource_checkpoints AS live ON live.name = own.subscription AND live.position IS NOT NULL \
     LEFT JOIN eventsource_checkpoints AS next \
     ON next.name = own.subscription || ?2 AND next.position IS NOT NULL WHERE own.table_key = lower(?1)";
