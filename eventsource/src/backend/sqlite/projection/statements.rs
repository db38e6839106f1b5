//! The SQL of checkpoints and of the unit of work.

use uuid::Uuid;

use crate::backend::sql::projection::columns::{advance_checkpoint, claim_checkpoint};
use crate::backend::sql::projection::search_statements::shelf;
use crate::backend::sql::projection::{LetterStatements, SearchStatements};

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

/// The letters of the subscription `?1` behind which the streams in the JSON array `?2` are parked, each as its type and
/// its id in hexadecimal.
macro_rules! parked {
    () => {
        "FROM json_each(?2) AS stream \
         CROSS JOIN eventsource_dead_letters AS own INDEXED BY eventsource_dead_letters_by_stream \
         WHERE own.subscription = ?1 AND own.aggregate_type = stream.value ->> 0 \
         AND own.aggregate_id = unhex(stream.value ->> 1) AND own.parks = 1"
    };
}

/// A lease with the epoch `$13` and the end `$14` is free.
pub(super) const CLAIM: &str = claim_checkpoint!("$12", "(mine.epoch = $13 AND mine.leased_until = $14)");
/// Selects the reason why a checkpoint was not claimed.
pub(super) const HOLDER: &str =
    "SELECT owner, epoch, leased_until, fingerprint, position IS NOT NULL FROM eventsource_checkpoints WHERE name = ?1";

pub(super) const ADVANCE: &str = advance_checkpoint!("$8");
pub(super) const RENEW: &str = "UPDATE eventsource_checkpoints SET leased_until = ?1 WHERE (name = ?2 OR subscription = ?2) AND epoch = ?3 \
     AND position IS NOT NULL";
pub(super) const LEASED: &str = "SELECT owner, name FROM eventsource_checkpoints WHERE name = ?1 AND owner IS NOT NULL \
     AND leased_until > CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)";
pub(super) const MISSING: &str = "SELECT own.table_name, own.subscription FROM eventsource_read_models AS own \
     WHERE EXISTS (SELECT 1 FROM eventsource_checkpoints AS used \
     WHERE used.name = own.subscription AND used.position IS NOT NULL) \
     AND NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE type IN ('table', 'view') AND lower(name) = own.table_key) \
     ORDER BY own.table_name";

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
pub(super) const LETTERS: LetterStatements = LetterStatements {
    all: letters!("WHERE true"),
    parking: letters!("INDEXED BY eventsource_dead_letters_parking WHERE parks = 1"),
    released: letters!(
        "INDEXED BY eventsource_dead_letters_released WHERE parks = 1 AND instr(letter, '\"state\":\"Released\"') > 0"
    ),
    dismissed: letters!("INDEXED BY eventsource_dead_letters_dismissed WHERE parks = 0"),
    failed: letters!("WHERE instr(letter, ?4) > 0 AND instr(letter, '\"state\":\"Released\"') = 0"),
    of_event: letters!("WHERE instr(letter, ?4) > 0"),
    at: "SELECT letter, held FROM eventsource_dead_letters WHERE subscription = ?1 AND position = ?2",
    parked: concat!("SELECT own.letter, own.held ", parked!()),
    counts: "SELECT wanted.value, \
         (SELECT count(*) FROM (SELECT 1 FROM eventsource_dead_letters INDEXED BY eventsource_dead_letters_parking \
             WHERE subscription = wanted.value AND parks = 1 LIMIT ?2)), \
         (SELECT coalesce(sum(held), 0) FROM (SELECT held FROM eventsource_dead_letters \
             INDEXED BY eventsource_dead_letters_parking \
             WHERE subscription = wanted.value AND parks = 1 ORDER BY position LIMIT ?2)) \
     FROM json_each(?1) AS wanted",
    insert: "INSERT OR REPLACE INTO eventsource_dead_letters \
     (subscription, position, aggregate_type, aggregate_id, parks, held, letter, event_type, error, failed_at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    hold: "UPDATE eventsource_dead_letters SET held = held + ?4 \
     WHERE subscription = ?1 AND aggregate_type = ?2 AND aggregate_id = ?3 AND parks = 1",
    release: concat!(
        "DELETE FROM eventsource_dead_letters WHERE subscription = ?1 AND position IN (SELECT own.position ",
        parked!(),
        ")"
    ),
};
/// The text of a letter, with U+FFFD in place of NUL. No text in JSON contains the control character that stands for an
/// escaped backslash.
macro_rules! text {
    () => {
        "replace(replace(replace(letter, '\\\\', char(1)), '\\u0000', '\\ufffd'), char(1), '\\\\')"
    };
}

macro_rules! event_type {
    () => {
        concat!("coalesce(event_type, ", text!(), " ->> '$.event_type')")
    };
}

macro_rules! whole_error {
    () => {
        concat!("replace(coalesce(", text!(), " ->> '$.errors[0]', ''), char(13), char(10))")
    };
}

macro_rules! error {
    () => {
        concat!(
            "coalesce(error, substr(",
            whole_error!(),
            ", 1, min(200, instr(",
            whole_error!(),
            " || char(10), char(10)) - 1)))"
        )
    };
}

macro_rules! failed_at {
    () => {
        "coalesce(failed_at, unixepoch(substr(letter ->> '$.last_failed_at', 1, 19)) * 1000000 \
         + CAST(substr(rtrim(substr(letter ->> '$.last_failed_at', 21), 'Z') || '000000', 1, 6) AS INTEGER))"
    };
}

macro_rules! conditions {
    () => {
        concat!(
            "($5 IS NULL OR ",
            event_type!(),
            " = $5) AND ($6 IS NULL OR instr(",
            error!(),
            ", $6) > 0) AND ($7 IS NULL OR ",
            failed_at!(),
            " >= $7) AND ($8 IS NULL OR ",
            failed_at!(),
            " < $8) AND ($9 IS NULL OR parks = $9)"
        )
    };
}

macro_rules! shelf_of {
    ($from:literal) => {
        shelf_of!($from, ["", "", ""])
    };
    ($from:literal, $of:tt) => {
        shelf!($from, $of, event_type!(), error!(), failed_at!(), conditions!())
    };
}

pub(super) const SEARCH: SearchStatements = SearchStatements {
    all: shelf_of!("WHERE true"),
    waiting: shelf_of!("INDEXED BY eventsource_dead_letters_parking WHERE parks = 1"),
    dismissed: shelf_of!("INDEXED BY eventsource_dead_letters_dismissed WHERE parks = 0"),
    stream: shelf_of!(
        "INDEXED BY eventsource_dead_letters_of_stream WHERE true",
        [
            " AND aggregate_type = $2 AND aggregate_id = $3",
            " AND aggregate_type = $4 AND aggregate_id = $5",
            " AND aggregate_type = $10 AND aggregate_id = $11"
        ]
    ),
};

/// Selects the position of the last of the next `?3` dismissed letters after `?2`.
pub(super) const DISMISSED_UP_TO: &str = "SELECT max(position) FROM (SELECT position FROM eventsource_dead_letters \
     INDEXED BY eventsource_dead_letters_dismissed WHERE parks = 0 AND subscription = ?1 AND position > ?2 \
     ORDER BY position LIMIT ?3)";
/// Deletes the letters that were dismissed before `?4`, a time without `Z`.
pub(super) const FORGET_DISMISSED: &str = "DELETE FROM eventsource_dead_letters WHERE parks = 0 AND subscription = ?1 \
     AND position > ?2 AND position <= ?3 AND rtrim(letter ->> '$.state.Dismissed.at', 'Z') < ?4";

/// Selects the builder of the table `?1`: the subscription and its fingerprint, then the fingerprint, position and
/// target of the next generation. The name of its checkpoint is that of the subscription, followed by `?2`.
pub(super) const BUILT: &str = "SELECT own.subscription, live.fingerprint, next.fingerprint, next.position, next.rebuild_to \
     FROM eventsource_read_models AS own \
     LEFT JOIN eventsource_checkpoints AS live ON live.name = own.subscription AND live.position IS NOT NULL \
     LEFT JOIN eventsource_checkpoints AS next \
     ON next.name = own.subscription || ?2 AND next.position IS NOT NULL WHERE own.table_key = lower(?1)";
