//! The SQL of checkpoints and of the unit of work.

use uuid::Uuid;

/// One statement for the transaction and for the savepoint whose release proves that it is still the same. The name
/// of the savepoint is the batch's own, so that no handler rolls back to it.
pub(super) fn begin_batch(batch: Uuid) -> String {
    format!("BEGIN IMMEDIATE; SAVEPOINT eventsource_{}", batch.simple())
}

/// The same on a connection that a handler is to be lent. It reads the schema again where that has changed: the driver
/// takes the columns of a statement from when it was prepared, and panics over a row that has more.
pub(super) fn begin_lent_batch(batch: Uuid) -> String {
    format!("{}; {READ_SCHEMA}", begin_batch(batch))
}

pub(super) const READ_SCHEMA: &str = "SELECT 1 FROM sqlite_schema LIMIT 1";

pub(super) fn release_batch(batch: Uuid) -> String {
    format!("RELEASE eventsource_{}", batch.simple())
}

/// Before it, on a connection that a handler was lent: this crate's own statements write.
pub(super) const WRITE_AGAIN: &str = "PRAGMA query_only = OFF";

/// What a handler has changed that the next event would find, as far as SQLite tells it.
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
            "SELECT name, position, epoch, fingerprint, updated_at, rebuild_to, log_id, event_position, event_id \
             FROM eventsource_checkpoints ",
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

/// A reset leaves a row without a position, which is no checkpoint.
pub(super) const LOAD: &str = select!("WHERE name = ?1 AND position IS NOT NULL");
pub(super) const LIST: &str = select!("WHERE position IS NOT NULL ORDER BY name");

/// No row changes where another owner holds a lease and one is asked for, unless that lease is still the one of the
/// epoch `?8` that ends at `?9`.
pub(super) const CLAIM: &str = "INSERT INTO eventsource_checkpoints AS mine \
     (name, position, epoch, fingerprint, updated_at, owner, leased_until, log_id) VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7) \
     ON CONFLICT (name) DO UPDATE SET position = coalesce(mine.position, excluded.position), epoch = mine.epoch + 1, \
     fingerprint = excluded.fingerprint, updated_at = excluded.updated_at, owner = excluded.owner, \
     leased_until = excluded.leased_until, \
     log_id = CASE WHEN mine.position IS NULL THEN excluded.log_id ELSE coalesce(mine.log_id, excluded.log_id) END, \
     event_position = CASE WHEN mine.position IS NOT NULL THEN mine.event_position END \
     WHERE (excluded.owner IS NULL OR mine.leased_until IS NULL OR mine.owner = excluded.owner \
     OR (mine.epoch = ?8 AND mine.leased_until = ?9)) \
     AND (NOT ?10 OR mine.position IS NULL OR mine.fingerprint = excluded.fingerprint)";
/// Why a checkpoint was not claimed.
pub(super) const HOLDER: &str =
    "SELECT owner, epoch, leased_until, fingerprint, position IS NOT NULL FROM eventsource_checkpoints WHERE name = ?1";

pub(super) const RENEW: &str =
    "UPDATE eventsource_checkpoints SET leased_until = ?1 WHERE name = ?2 AND epoch = ?3 AND position IS NOT NULL";

/// Compare-and-set: no row changes where another owner has moved or claimed the checkpoint.
pub(super) const ADVANCE: &str = "UPDATE eventsource_checkpoints SET position = ?1, updated_at = ?2, \
     rebuild_to = CASE WHEN rebuild_to > ?1 THEN rebuild_to END, leased_until = coalesce(?6, leased_until), \
     event_position = coalesce(?7, event_position), event_id = coalesce(?8, event_id) \
     WHERE name = ?3 AND position = ?4 AND epoch = ?5";

pub(super) const CLEAR: &str = "UPDATE eventsource_checkpoints SET position = NULL, epoch = epoch + 1, updated_at = ?2, \
     rebuild_to = ?3, leased_until = NULL, log_id = NULL, event_position = NULL, event_id = NULL \
     WHERE name = ?1 AND (?4 IS NULL OR (epoch = ?4 AND position IS NOT NULL))";
/// What was claimed begins as the checkpoint of a next generation.
pub(super) const BEGIN_NEXT: &str = "UPDATE eventsource_checkpoints SET position = ?2, rebuild_to = ?3, \
     log_id = ?4, event_position = NULL, event_id = NULL WHERE name = ?1";
/// The checkpoint `?2` takes the place of `?1`, whose owner is fenced.
pub(super) const SWITCH: &str = "INSERT INTO eventsource_checkpoints AS live \
     (name, position, epoch, fingerprint, updated_at, rebuild_to, log_id, event_position, event_id) \
     SELECT ?1, position, 1, fingerprint, ?3, rebuild_to, log_id, event_position, event_id FROM eventsource_checkpoints WHERE name = ?2 \
     ON CONFLICT (name) DO UPDATE SET position = excluded.position, epoch = live.epoch + 1, \
     fingerprint = excluded.fingerprint, updated_at = excluded.updated_at, rebuild_to = excluded.rebuild_to, \
     owner = NULL, leased_until = NULL, \
     log_id = excluded.log_id, event_position = excluded.event_position, event_id = excluded.event_id";
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

/// Each page is read by an index of its own: letters of another kind before it, however many, are not read.
pub(super) const LETTERS: &str = letters!("WHERE true");
pub(super) const PARKING_LETTERS: &str = letters!("INDEXED BY eventsource_dead_letters_parking WHERE parks = 1");
pub(super) const RELEASED_LETTERS: &str = letters!(
    "INDEXED BY eventsource_dead_letters_released WHERE parks = 1 AND instr(letter, '\"state\":\"Released\"') > 0"
);
pub(super) const DISMISSED_LETTERS: &str = letters!("INDEXED BY eventsource_dead_letters_dismissed WHERE parks = 0");
/// `?4` is what the text of the letter contains.
pub(super) const FAILED_LETTERS: &str =
    letters!("WHERE instr(letter, ?4) > 0 AND instr(letter, '\"state\":\"Released\"') = 0");
pub(super) const LETTERS_OF_EVENT: &str = letters!("WHERE instr(letter, ?4) > 0");
/// The position of the last one of the next `?3` dismissed letters after `?2`.
pub(super) const DISMISSED_UP_TO: &str = "SELECT max(position) FROM (SELECT position FROM eventsource_dead_letters \
     INDEXED BY eventsource_dead_letters_dismissed WHERE parks = 0 AND subscription = ?1 AND position > ?2 \
     ORDER BY position LIMIT ?3)";
/// Those that were dismissed before `?4`, which has no `Z`.
pub(super) const FORGET_DISMISSED: &str = "DELETE FROM eventsource_dead_letters WHERE parks = 0 AND subscription = ?1 \
     AND position > ?2 AND position <= ?3 AND rtrim(letter ->> '$.state.Dismissed.at', 'Z') < ?4";
pub(super) const LETTER: &str =
    "SELECT letter, held FROM eventsource_dead_letters WHERE subscription = ?1 AND position = ?2";
/// `?2` is a JSON array of streams, each as its type and its id in hexadecimal.
pub(super) const PARKED: &str = concat!("SELECT own.letter, own.held ", parked!());
/// At most `?2` letters of each of the subscriptions in the JSON array `?1`.
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

/// Who built the table `?1`: the subscription, its fingerprint; the fingerprint, position and target of the next
/// generation, whose checkpoint is called as that of the subscription with `?2` behind it.
pub(super) const BUILT: &str = "SELECT own.subscription, live.fingerprint, next.fingerprint, next.position, next.rebuild_to \
     FROM eventsource_read_models AS own \
     LEFT JOIN eventsource_checkpoints AS live ON live.name = own.subscription AND live.position IS NOT NULL \
     LEFT JOIN eventsource_checkpoints AS next \
     ON next.name = own.subscription || ?2 AND next.position IS NOT NULL WHERE own.table_key = lower(?1)";
