//! The SQL of the questions of operators.

use super::read::{streams, types};

/// The correlation id in the metadata; null if there is none.
///
/// `->>` fails for a document with an escape that PostgreSQL cannot convert, such as the one of the character NUL. Then
/// the id is read from the beginning of the text, where this crate writes it. The text is cut off, so that no value is
/// too long for the index: a UUID has 36 characters.
macro_rules! correlation {
    () => {
        "(left(CASE WHEN strpos(metadata::text, E'\\\\u') = 0 THEN metadata ->> 'correlation_id' \
             ELSE substring(metadata::text FROM E'^\\\\s*\\\\{\\\\s*\"correlation_id\"\\\\s*:\\\\s*\"([0-9a-f-]{36})\"') END, 37))"
    };
}

/// The size of an event, in bytes.
macro_rules! size {
    () => {
        "octet_length(payload) + coalesce(octet_length(metadata::text), 0)"
    };
}

/// At most `$4` streams after the aggregate type `$1`, the id `$2` and the version `$3` in the index, with the places
/// of their first and last events.
///
/// For each stream, the index is searched three times, for any length of the stream. `$while` ends the recursion. The
/// comparison of rows keeps the planner from using another index.
macro_rules! stream_page {
    ($while:literal) => {
        concat!(
            streams!($while),
            " SELECT streams.aggregate_type, streams.aggregate_id, first.position, first.recorded_at, \
                 last.version, last.position, last.recorded_at \
             FROM streams CROSS JOIN LATERAL ( \
                 SELECT own.position, own.recorded_at FROM {schema}.eventsource_events AS own \
                 WHERE (own.aggregate_type, own.aggregate_id, own.version) \
                     > (streams.aggregate_type, streams.aggregate_id, 0) \
                 ORDER BY own.aggregate_type, own.aggregate_id, own.version LIMIT 1) AS first \
             CROSS JOIN LATERAL ( \
                 SELECT own.version, own.position, own.recorded_at FROM {schema}.eventsource_events AS own \
                 WHERE (own.aggregate_type, own.aggregate_id, own.version) \
                     <= (streams.aggregate_type, streams.aggregate_id, 9223372036854775807) \
                 ORDER BY own.aggregate_type DESC, own.aggregate_id DESC, own.version DESC LIMIT 1) AS last \
             WHERE ",
            $while,
            " LIMIT $4"
        )
    };
}

pub(in crate::backend::postgres::store) const STREAM_PAGE: &str = stream_page!("true");
/// As [`STREAM_PAGE`], of the aggregate type `$5`.
pub(in crate::backend::postgres::store) const STREAM_PAGE_OF_TYPE: &str = stream_page!("streams.aggregate_type = $5");

/// At most `$3` event types after the name `$1`, or from the first one if it is null, whose first events are at or
/// before `$2`; with the positions of those.
pub(in crate::backend::postgres::store) const TYPE_PAGE: &str = concat!(
    types!(" WHERE $1::text IS NULL OR event_type > $1"),
    " SELECT types.event_type, own.position FROM types CROSS JOIN LATERAL ( \
         SELECT own.event_type, own.position FROM {schema}.eventsource_events AS own \
         WHERE (own.event_type, own.position) > (types.event_type, 0) \
         ORDER BY own.event_type, own.position LIMIT 1) AS own \
     WHERE own.event_type = types.event_type AND own.position <= $2 LIMIT $3"
);

/// The position and the size of at most `$3` events in `($1, $2]` with the correlation id `$4`, found by the index. The
/// comparison of rows keeps the planner from using another index.
pub(in crate::backend::postgres::store) const CORRELATED: &str = concat!(
    "SELECT position, (",
    size!(),
    ")::bigint FROM {schema}.eventsource_events WHERE (",
    correlation!(),
    ", position) > ($4, $1) AND (",
    correlation!(),
    ", position) <= ($4, $2) AND ",
    correlation!(),
    " IS NOT NULL ORDER BY ",
    correlation!(),
    ", position LIMIT $3"
);

/// As [`CORRELATED`], found by a scan of the range.
pub(in crate::backend::postgres::store) const CORRELATED_BY_SCAN: &str = concat!(
    "SELECT position, (",
    size!(),
    ")::bigint FROM {schema}.eventsource_events WHERE position > $1 AND position <= $2 AND ",
    correlation!(),
    " = $4 ORDER BY position LIMIT $3"
);

/// The position of the last event up to `$1` but `$2`.
pub(in crate::backend::postgres::store) const LAST_BUT: &str =
    "SELECT position FROM {schema}.eventsource_events WHERE position <= $1 ORDER BY position DESC OFFSET $2 LIMIT 1";

/// The first event in `[$1, $2]`, and whether it was stored at or after `$3`.
pub(in crate::backend::postgres::store) const FIRST_IN: &str = "SELECT position, recorded_at >= $3 FROM {schema}.eventsource_events \
     WHERE position >= $1 AND position <= $2 ORDER BY position LIMIT 1";

/// Events without a correlation id are not in the index.
pub(in crate::backend::postgres::store) const CREATE_CORRELATION_INDEX: &str = concat!(
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS eventsource_events_by_correlation ON {schema}.eventsource_events (",
    correlation!(),
    ", position) WHERE ",
    correlation!(),
    " IS NOT NULL"
);

pub(in crate::backend::postgres::store) const DROP_CORRELATION_INDEX: &str =
    "DROP INDEX CONCURRENTLY IF EXISTS {schema}.eventsource_events_by_correlation";

/// Whether the index is complete: null if it does not exist, false after a creation that failed.
pub(in crate::backend::postgres::store) const CORRELATION_INDEX: &str = "SELECT (SELECT indisvalid FROM pg_catalog.pg_index \
     WHERE indexrelid = to_regclass('{schema}.eventsource_events_by_correlation'))";

/// Locks the creation of the index for this session; false if another session holds the lock. Readers do not look at
/// locks of two numbers, so this lock holds no horizon back.
pub(in crate::backend::postgres::store) const LOCK_CORRELATION_INDEX: &str = "SELECT pg_try_advisory_lock(hashtext('eventsource correlation index'), \
     '{schema}.eventsource_events'::regclass::oid::int4)";

/// A creation waits for long transactions, so it has no time limit.
pub(in crate::backend::postgres::store) const NO_TIME_LIMITS: &str = "SET statement_timeout = 0; SET lock_timeout = 0";
