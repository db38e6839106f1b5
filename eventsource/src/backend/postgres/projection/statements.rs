//! The SQL of checkpoints and of the unit of work. `{schema}` stands for the name of the schema.

use uuid::Uuid;

use super::session::Settings;
use crate::backend::sql::projection::columns::{advance_checkpoint, claim_checkpoint};
use crate::backend::sql::projection::search_statements::shelf;
use crate::backend::sql::projection::{LetterStatements, SearchStatements};

/// Returns the SQL that follows the begin of a transaction: a row without which it cannot commit, and a savepoint whose
/// release proves that it is still the same transaction. The savepoint's name is unique, so no handler rolls back to
/// it.
pub(super) fn begin_batch(id: Uuid, settings: Settings) -> String {
    let (remember, savepoint) = (settings.remember(), id.simple());
    format!("{remember}INSERT INTO {{schema}}.eventsource_batches VALUES ('{id}'); SAVEPOINT eventsource_{savepoint}")
}

/// Removes one row, only in the transaction in which [`begin_batch`] inserted it.
pub(super) fn release_batch(id: Uuid) -> String {
    format!("RELEASE SAVEPOINT eventsource_{}; {}", id.simple(), remove_batch(id))
}

/// As [`release_batch`], on a connection that a handler had. Returns three rows: what was changed (if `ask`), a row
/// without meaning, and the batch. If the last row is missing, it is another transaction.
pub(super) fn release_lent_batch(id: Uuid, ask: bool, settings: Settings, limit_idle: &str) -> String {
    let changed = if ask { settings.changed() } else { "SELECT ''".to_owned() };
    let (as_new, release) = (settings.as_new(limit_idle), release_batch(id));
    format!("{changed}; {as_new}; {release} RETURNING 'batch'")
}

/// As [`release_batch`] after a failed statement. It undoes what handlers did; only whether it is the same transaction
/// matters.
pub(super) fn recover_batch(id: Uuid) -> String {
    format!("ROLLBACK TO SAVEPOINT eventsource_{}; {}", id.simple(), remove_batch(id))
}

fn remove_batch(id: Uuid) -> String {
    format!("DELETE FROM {{schema}}.eventsource_batches WHERE id = '{id}'")
}

pub(super) const CLAIM: &str =
    claim_checkpoint!("clock_timestamp() + $12 * interval '1 microsecond'", "mine.leased_until <= clock_timestamp()");
/// Selects the reason why a checkpoint was not claimed.
pub(super) const HOLDER: &str = "SELECT owner, leased_until, fingerprint, position IS NOT NULL \
     FROM {schema}.eventsource_checkpoints WHERE name = $1";

pub(super) const ADVANCE: &str = advance_checkpoint!("clock_timestamp() + $8 * interval '1 microsecond'");
pub(super) const RENEW: &str = "UPDATE {schema}.eventsource_checkpoints \
     SET leased_until = clock_timestamp() + $1 * interval '1 microsecond' \
     WHERE (name = $2 OR subscription = $2) AND epoch = $3 AND position IS NOT NULL";
pub(super) const LEASED: &str = "SELECT owner, name FROM {schema}.eventsource_checkpoints \
     WHERE name = $1 AND owner IS NOT NULL AND leased_until > clock_timestamp()";
pub(super) const MISSING: &str = "SELECT own.table_name, own.subscription FROM {schema}.eventsource_read_models AS own \
     WHERE EXISTS (SELECT 1 FROM {schema}.eventsource_checkpoints AS used \
     WHERE used.name = own.subscription AND used.position IS NOT NULL) \
     AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
     WHERE n.nspname = '{name}' AND c.relname = own.table_name) ORDER BY own.table_name";

/// Serialises claims of a next generation.
pub(super) const LOCK_NEXT: &str =
    "SELECT pg_advisory_xact_lock(hashtextextended('eventsource next generation ' || $1 || '.' || $2, 0))";
pub(super) const LOCK_BOTH: &str =
    "SELECT 1 FROM {schema}.eventsource_checkpoints WHERE name IN ($1, $2) ORDER BY name FOR UPDATE";

macro_rules! letters {
    ($which:literal) => {
        concat!(
            "SELECT letter, held FROM {schema}.eventsource_dead_letters WHERE subscription = $1 AND ",
            $which,
            " AND position > $2 ORDER BY position LIMIT $3"
        )
    };
}

/// The letters of the subscription `$1` behind which the streams with the types `$2` and the ids `$3` are parked. It
/// uses the index of streams, whatever statistics the planner has.
macro_rules! parked {
    () => {
        "FROM unnest($2::text[], $3::uuid[]) AS wanted (kind, id) CROSS JOIN LATERAL \
         (SELECT letter, held, position FROM {schema}.eventsource_dead_letters WHERE subscription = $1 \
             AND aggregate_type = wanted.kind AND aggregate_id = wanted.id AND parks LIMIT 1) AS own"
    };
}

/// Each page has its own index, so that letters of other kinds are not read, however many there are.
pub(super) const LETTERS: LetterStatements = LetterStatements {
    all: letters!("true"),
    parking: letters!("parks"),
    released: letters!("parks AND strpos(letter, '\"state\":\"Released\"') > 0"),
    dismissed: letters!("NOT parks"),
    failed: letters!("strpos(letter, $4) > 0 AND strpos(letter, '\"state\":\"Released\"') = 0"),
    of_event: letters!("strpos(letter, $4) > 0"),
    at: "SELECT letter, held FROM {schema}.eventsource_dead_letters WHERE subscription = $1 AND position = $2",
    parked: concat!("SELECT own.letter, own.held ", parked!()),
    counts: "SELECT wanted.name, counted.waiting, counted.held \
     FROM unnest($1::text[]) AS wanted (name) CROSS JOIN LATERAL \
         (SELECT count(*), coalesce(sum(held), 0)::bigint FROM (SELECT held FROM {schema}.eventsource_dead_letters \
             WHERE subscription = wanted.name AND parks ORDER BY position LIMIT $2) AS first) AS counted (waiting, held)",
    insert: "INSERT INTO {schema}.eventsource_dead_letters \
     (subscription, position, aggregate_type, aggregate_id, parks, held, letter, event_type, error, failed_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
     ON CONFLICT (subscription, position) DO UPDATE SET parks = excluded.parks, held = excluded.held, \
     letter = excluded.letter, event_type = excluded.event_type, error = excluded.error, failed_at = excluded.failed_at",
    hold: "UPDATE {schema}.eventsource_dead_letters SET held = held + $4 \
     WHERE subscription = $1 AND aggregate_type = $2 AND aggregate_id = $3 AND parks",
    release: concat!(
        "DELETE FROM {schema}.eventsource_dead_letters WHERE subscription = $1 AND position = ANY (ARRAY(SELECT own.position ",
        parked!(),
        "))"
    ),
};
/// The text of a letter, with U+FFFD in place of NUL, which no text of PostgreSQL has. No text in JSON contains the control
/// character that stands for an escaped backslash.
macro_rules! text {
    () => {
        "replace(replace(replace(letter, '\\\\', chr(1)), '\\u0000', '\\ufffd'), chr(1), '\\\\')::json"
    };
}

macro_rules! event_type {
    () => {
        concat!("coalesce(event_type, ", text!(), " ->> 'event_type')")
    };
}

macro_rules! error {
    () => {
        concat!(
            "coalesce(error, left(substring(coalesce(",
            text!(),
            " -> 'errors' ->> 0, '') FROM '^[^\\r\\n]*'), 200))"
        )
    };
}

macro_rules! failed_at {
    () => {
        concat!("coalesce(failed_at, (", text!(), " ->> 'last_failed_at')::timestamptz)")
    };
}

macro_rules! conditions {
    () => {
        concat!(
            "($5::text IS NULL OR ",
            event_type!(),
            " = $5) AND ($6::text IS NULL OR strpos(",
            error!(),
            ", $6) > 0) AND ($7::timestamptz IS NULL OR ",
            failed_at!(),
            " >= $7) AND ($8::timestamptz IS NULL OR ",
            failed_at!(),
            " < $8) AND ($9::bigint IS NULL OR parks = ($9 = 1))"
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
    waiting: shelf_of!("WHERE parks"),
    dismissed: shelf_of!("WHERE NOT parks"),
    stream: shelf_of!(
        "WHERE true",
        [
            " AND aggregate_type = $2 AND aggregate_id = $3",
            " AND aggregate_type = $4 AND aggregate_id = $5",
            " AND aggregate_type = $10 AND aggregate_id = $11"
        ]
    ),
};

/// Looks at the next `$4` dismissed letters after `$2`, and deletes the letters that were dismissed before `$3`, a time
/// without `Z`. Returns how many it deleted, and the last position. It does not use the functions for JSON, because
/// they refuse a text with an escaped NUL.
pub(super) const FORGET_DISMISSED: &str = "WITH looked AS \
         (SELECT position FROM {schema}.eventsource_dead_letters WHERE subscription = $1 AND NOT parks AND position > $2 \
             ORDER BY position LIMIT $4), \
     gone AS (DELETE FROM {schema}.eventsource_dead_letters AS own \
         WHERE own.subscription = $1 AND own.position IN (SELECT looked.position FROM looked) AND NOT own.parks \
         AND rtrim(substring(own.letter FROM '\"at\":\"([^\"]+)\"'), 'Z') COLLATE \"C\" < $3 RETURNING 1) \
     SELECT (SELECT count(*) FROM gone), (SELECT max(looked.position) FROM looked)";

/// Selects the builder of the table `$1`: the subscription and its fingerprint, then the fingerprint, position and
/// target of the next generation. The name of its checkpoint is that of the subscription, followed by `$2`.
pub(super) const BUILT: &str = "SELECT own.subscription, live.fingerprint, next.fingerprint, next.position, next.rebuild_to \
     FROM {schema}.eventsource_read_models AS own \
     LEFT JOIN {schema}.eventsource_checkpoints AS live ON live.name = own.subscription AND live.position IS NOT NULL \
     LEFT JOIN {schema}.eventsource_checkpoints AS next \
     ON next.name = own.subscription || $2 AND next.position IS NOT NULL WHERE own.table_key = lower($1)";
