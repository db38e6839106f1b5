//! The SQL of reads without a filter, and of the horizon.

use super::columns;
use crate::store::Direction;

/// The identity of the log. It does not depend on the content of the log, and is the same in a backup.
pub(in crate::backend::postgres::store) const LOG_ID: &str = "SELECT id FROM {schema}.eventsource_log";
pub(in crate::backend::postgres::store) const LAST_EVENT: &str = "SELECT position, event_id FROM {schema}.eventsource_events \
     WHERE position <= $1 ORDER BY position DESC LIMIT 1";

pub(in crate::backend::postgres::store) const HORIZON: &str =
    "SELECT standby, drawn, held, head, head_event FROM {schema}.eventsource_horizon()";

/// The transactions that hold the horizon back, the first one first. Queries of other roles are null without the right
/// to see them.
pub(in crate::backend::postgres::store) const HOLDERS: &str = "SELECT min(a.after_position) AS after_position, a.pid, s.application_name, \
     p.gid, extract(epoch FROM clock_timestamp() - coalesce(s.xact_start, p.prepared))::float8 AS age, s.state, \
     nullif(s.query, '<insufficient privilege>') AS query \
     FROM {schema}.eventsource_appending a LEFT JOIN pg_stat_activity s ON s.pid = a.pid \
     LEFT JOIN LATERAL (SELECT p.gid, p.prepared FROM pg_prepared_xacts p JOIN pg_locks x \
         ON x.locktype = 'transactionid' AND x.transactionid = p.transaction WHERE a.pid IS NULL AND x.pid IS NULL \
         AND x.virtualtransaction = a.virtualtransaction LIMIT 1) p ON true \
     GROUP BY a.pid, a.virtualtransaction, s.application_name, s.xact_start, p.gid, p.prepared, s.state, s.query \
     ORDER BY 1, age DESC NULLS LAST";

/// For each position in `$1`: the number of events after it and up to `$2`, counted in an index up to `$3`; and the
/// earliest time of storage of the first `$4` of them.
pub(in crate::backend::postgres::store) const BACKLOGS: &str = "SELECT \
         (SELECT count(*) FROM (SELECT FROM {schema}.eventsource_events \
             WHERE position > wanted.after AND position <= $2 ORDER BY position LIMIT $3) AS counted), \
         (SELECT min(first.recorded_at) FROM (SELECT recorded_at FROM {schema}.eventsource_events \
             WHERE position > wanted.after AND position <= $2 ORDER BY position LIMIT $4) AS first) \
     FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (after, n) ORDER BY wanted.n";

/// Finds the names of the event types, in their order, by one search of the index for each. `$from` selects the first
/// one.
macro_rules! types {
    ($from:literal) => {
        concat!(
            "WITH RECURSIVE types AS ( \
                 (SELECT event_type FROM {schema}.eventsource_events",
            $from,
            " ORDER BY event_type LIMIT 1) \
                 UNION ALL \
                 SELECT (SELECT next.event_type FROM {schema}.eventsource_events AS next \
                     WHERE next.event_type > types.event_type ORDER BY next.event_type LIMIT 1) \
                 FROM types WHERE types.event_type IS NOT NULL \
             )"
        )
    };
}
pub(super) use types;

/// At most `$4` event types in `($2, $3]` that are not in `$1`, ordered by first occurrence.
///
/// For each type, the index is searched once for the name and once for the first position, for any length of the log.
/// The comparison of rows keeps the planner from using another index.
pub(in crate::backend::postgres::store) const TYPES_EXCEPT: &str = concat!(
    types!(""),
    " SELECT types.event_type, own.position FROM types CROSS JOIN LATERAL ( \
         SELECT own.event_type, own.position FROM {schema}.eventsource_events AS own \
         WHERE (own.event_type, own.position) > (types.event_type, $2) \
         ORDER BY own.event_type, own.position LIMIT 1) AS own \
     WHERE own.event_type = types.event_type AND own.position <= $3 AND types.event_type <> ALL ($1) ORDER BY own.position LIMIT $4"
);

/// The columns of a whole event.
macro_rules! whole {
    () => {
        "position, event_id, aggregate_type, aggregate_id, version, event_type, schema_version, occurred_at, \
         recorded_at, metadata::text, payload, slice"
    };
}

/// The events at the positions `$1`, with their contents.
pub(in crate::backend::postgres::store) const AT_POSITIONS: &str =
    concat!("SELECT ", whole!(), " FROM {schema}.eventsource_events WHERE position = ANY ($1) ORDER BY position");

/// The event with the id `$1`, with its contents.
pub(in crate::backend::postgres::store) const BY_ID: &str =
    concat!("SELECT ", whole!(), " FROM {schema}.eventsource_events WHERE event_id = $1");

/// Finds the streams after the aggregate type `$1`, the id `$2` and the version `$3` in the index, in its order, by one
/// search for each. `$while` ends the recursion.
macro_rules! streams {
    ($while:literal) => {
        concat!(
            "WITH RECURSIVE streams AS ( \
                 (SELECT aggregate_type, aggregate_id FROM {schema}.eventsource_events \
                 WHERE (aggregate_type, aggregate_id, version) > ($1, $2, $3) \
                 ORDER BY aggregate_type, aggregate_id, version LIMIT 1) \
                 UNION ALL \
                 SELECT next.aggregate_type, next.aggregate_id FROM streams CROSS JOIN LATERAL ( \
                     SELECT aggregate_type, aggregate_id FROM {schema}.eventsource_events AS own \
                     WHERE (own.aggregate_type, own.aggregate_id, own.version) \
                         > (streams.aggregate_type, streams.aggregate_id, 9223372036854775807) \
                     ORDER BY own.aggregate_type, own.aggregate_id, own.version LIMIT 1) AS next \
                 WHERE ",
            $while,
            " )"
        )
    };
}
pub(super) use streams;

/// At most `$4` streams of the type `$1` after the id `$2` and the version `$3` in the index, with their versions.
///
/// For each stream, the index is searched once for the id and once for the version, for any length of the stream.
pub(in crate::backend::postgres::store) const STREAMS: &str = concat!(
    streams!("streams.aggregate_type = $1"),
    " SELECT aggregate_id, (SELECT max(version) FROM {schema}.eventsource_events AS own \
             WHERE own.aggregate_type = streams.aggregate_type AND own.aggregate_id = streams.aggregate_id) \
     FROM streams WHERE aggregate_type = $1 LIMIT $4"
);

pub(in crate::backend::postgres::store) const fn read_stream(direction: Direction) -> &'static str {
    match direction {
        Direction::Forward => concat!(
            "SELECT ",
            columns!(),
            " FROM {schema}.eventsource_events WHERE aggregate_type = $1 AND aggregate_id = $2 \
             AND version BETWEEN $3 AND $4 ORDER BY version LIMIT $5"
        ),
        Direction::Backward => concat!(
            "SELECT ",
            columns!(),
            " FROM {schema}.eventsource_events WHERE aggregate_type = $1 AND aggregate_id = $2 \
             AND version BETWEEN $3 AND $4 ORDER BY version DESC LIMIT $5"
        ),
    }
}
