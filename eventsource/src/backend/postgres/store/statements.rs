//! The SQL of the event store. `{schema}` stands for the schema, `{name}` for its name without quotes.

use std::fmt::Write as _;

use crate::store::{Direction, EventFilter};

// Read from the catalogue tables: the caches of names may not contain the result of a migration that was waited for.
pub(super) const HAS_SCHEMA_TABLE: &str =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = '{name}' AND tablename = 'eventsource_schema')";
pub(super) const HAS_CHECKSUMS: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute \
     JOIN pg_catalog.pg_class ON pg_class.oid = attrelid JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace \
     WHERE nspname = '{name}' AND relname = 'eventsource_schema' AND attname = 'checksum' AND NOT attisdropped)";
pub(super) const LOCK_MIGRATIONS: &str = "SELECT pg_advisory_xact_lock(hashtextextended('eventsource {schema}', 0))";
pub(super) const HAS_SCHEMA: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = '{name}')";
pub(super) const CREATE_SCHEMA: &str = "CREATE SCHEMA {schema}";
pub(super) const CREATE_SCHEMA_TABLE: &str = "CREATE TABLE IF NOT EXISTS {schema}.eventsource_schema \
     (version bigint PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())";
pub(super) const SCHEMA_VERSION: &str = "SELECT max(version) FROM {schema}.eventsource_schema";
/// Followed by the checksum of a migration and by its version.
pub(super) const NOTE_CHECKSUM: &str = "UPDATE {schema}.eventsource_schema SET checksum =";
pub(super) const CHECKSUMS: &str = "SELECT version::bigint, checksum FROM {schema}.eventsource_schema ORDER BY version";
pub(super) const INSERT_SCHEMA_VERSION: &str = "INSERT INTO {schema}.eventsource_schema (version, name) VALUES";

/// For the connections of units of work, whose transactions begin as `READ WRITE`.
pub(crate) const WRITE_ONLY_IN_A_UNIT: &str = "SET default_transaction_read_only = on";

/// For the connections of appends: one generic plan, which uses the indexes.
///
/// Planning an append takes longer than executing it, and the plan is the same for all. By default, PostgreSQL would
/// plan each append again, because the arrays are shorter than it assumes. The plan must be good for every log, also if
/// it was made when the log was small, so it must use the indexes. Scans then count as expensive, also the one of the
/// sequence in the trigger, so JIT compilation is off.
pub(super) const PLAN_APPENDS_ONCE: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; \
     SET enable_bitmapscan = off; SET jit = off";

/// Returns whether the role can draw positions but cannot read the last drawn one, which every read and every append
/// does; and the name of the role. A role without both rights only reads read models.
pub(super) const APPENDS_BLINDLY: &str = "SELECT has_sequence_privilege('{schema}.eventsource_positions', 'USAGE') \
     AND NOT has_sequence_privilege('{schema}.eventsource_positions', 'SELECT'), current_user::text";

/// The number that identifies the log in the database, used for the channel of notifications.
pub(super) const LOG: &str = "SELECT '{schema}.eventsource_events'::regclass::oid::bigint";

/// The identity of the log. It does not depend on the content of the log, and is the same in a backup.
pub(super) const LOG_ID: &str = "SELECT id FROM {schema}.eventsource_log";
pub(super) const LAST_EVENT: &str = "SELECT position, event_id FROM {schema}.eventsource_events \
     WHERE position <= $1 ORDER BY position DESC LIMIT 1";

pub(super) const HORIZON: &str = "SELECT standby, drawn, held, head, head_event FROM {schema}.eventsource_horizon()";

/// The transactions that hold the horizon back, the first one first. Queries of other roles are null without the right
/// to see them.
pub(super) const HOLDERS: &str = "SELECT min(a.after_position) AS after_position, a.pid, s.application_name, \
     p.gid, extract(epoch FROM clock_timestamp() - coalesce(s.xact_start, p.prepared))::float8 AS age, s.state, \
     nullif(s.query, '<insufficient privilege>') AS query \
     FROM {schema}.eventsource_appending a LEFT JOIN pg_stat_activity s ON s.pid = a.pid \
     LEFT JOIN LATERAL (SELECT p.gid, p.prepared FROM pg_prepared_xacts p JOIN pg_locks x \
         ON x.locktype = 'transactionid' AND x.transactionid = p.transaction WHERE a.pid IS NULL AND x.pid IS NULL \
         AND x.virtualtransaction = a.virtualtransaction LIMIT 1) p ON true \
     GROUP BY a.pid, a.virtualtransaction, s.application_name, s.xact_start, p.gid, p.prepared, s.state, s.query \
     ORDER BY 1, age DESC NULLS LAST";

pub(super) const VERSION: &str = "SELECT coalesce(max(version), 0) FROM {schema}.eventsource_events \
     WHERE aggregate_type = $1 AND aggregate_id = $2";

pub(super) const TAKEN_IDS: &str = "SELECT event_id FROM {schema}.eventsource_events WHERE event_id = ANY ($1)";

/// Finds the places of events after an append whose answer was lost.
pub(super) const STORED: &str = "SELECT version, position, recorded_at FROM {schema}.eventsource_events \
     WHERE event_id = ANY ($1) AND aggregate_type = $2 AND aggregate_id = $3 ORDER BY version";

/// Up to this number of events, a statement for exactly that number is used, with one row of parameters for each event.
/// That is faster than arrays.
pub(super) const FEW: usize = 16;

/// The version of the stream of a row.
macro_rules! version {
    () => {
        "coalesce((SELECT max(version) FROM {schema}.eventsource_events e \
         WHERE e.aggregate_type = wanted.aggregate_type AND e.aggregate_id = wanted.aggregate_id), 0) AS version"
    };
}
/// The time at which an event is stored: the clock of the client (`$1`) or of the server, whichever is behind. If the
/// last event is ahead of it by at most [`STEP_BACK`](crate::store::clock::STEP_BACK), the time of the last event.
macro_rules! recorded_at {
    () => {
        "(SELECT CASE WHEN last.at > clock.at AND last.at <= clock.at + interval '5 seconds' THEN last.at \
             ELSE clock.at END \
         FROM (SELECT least($1, clock_timestamp()) AS at) AS clock, (SELECT (SELECT recorded_at \
             FROM {schema}.eventsource_events ORDER BY position DESC LIMIT 1) AS at) AS last)"
    };
}
macro_rules! insert {
    () => {
        "INSERT INTO {schema}.eventsource_events (event_id, aggregate_type, aggregate_id, version, event_type, \
         schema_version, occurred_at, recorded_at, tenant, metadata, payload, slice) "
    };
}
/// Returns a row with the place of each stored event, in the order of the events, and a row with the version of the
/// stream of each refused append.
macro_rules! outcomes {
    () => {
        " RETURNING version, position, recorded_at) SELECT version, position, recorded_at FROM stored \
         UNION ALL SELECT version, append, NULL FROM wanted WHERE NOT version BETWEEN from_version AND to_version"
    };
}

macro_rules! append {
    ($others:literal) => {
        concat!(
    "WITH wanted AS MATERIALIZED (SELECT wanted.*, ",
    version!(),
    " FROM unnest($2::text[], $3::uuid[], $4::bigint[], $5::bigint[]) WITH ORDINALITY \
         AS wanted (aggregate_type, aggregate_id, from_version, to_version, append)), stored AS (",
    insert!(),
    "SELECT new.event_id, wanted.aggregate_type, wanted.aggregate_id, wanted.version + new.nth, new.event_type, \
         new.schema_version, new.occurred_at, ",
    recorded_at!(),
    ", new.tenant, new.metadata::json, new.payload, new.slice \
     FROM wanted JOIN unnest($6::bigint[], $7::bigint[], $8::uuid[], $9::text[], $10::bigint[], $11::timestamptz[], \
         $12::text[], $13::text[], $14::text[], $15::smallint[]) WITH ORDINALITY \
         AS new (append, nth, event_id, event_type, schema_version, occurred_at, tenant, metadata, payload, slice, n) \
         USING (append) \
     WHERE wanted.version BETWEEN wanted.from_version AND wanted.to_version ",
            $others,
            "ORDER BY new.n",
            outcomes!()

        )
    };
}

/// Appends to different streams (`$2`, `$3`) whose versions are between `$4` and `$5`.
///
/// Each event has the number of its append (`$6`), and its number in the append (`$7`). The unique constraint detects
/// an outdated snapshot. `$1` is the clock of the client.
pub(super) const APPEND: &str = append!("");

/// As [`APPEND`], but stores nothing if one of the streams has another version.
pub(super) const APPEND_AS_ONE: &str = append!(
    "AND NOT EXISTS (SELECT FROM wanted AS other WHERE NOT other.version BETWEEN other.from_version AND other.to_version) "
);

/// As [`APPEND`] for exactly `events` events, each with its stream, in the order of the columns of `wanted`.
pub(super) fn append_few(events: usize) -> String {
    let types = ["text", "uuid", "bigint", "bigint", "bigint", "bigint", "uuid", "text", "bigint", "timestamptz"];
    let types: Vec<_> = types.into_iter().chain(["text", "text", "text", "smallint"]).collect();
    let rows: Vec<_> = (0..events)
        .map(|row| {
            let parameter = |(n, kind): (usize, &&str)| format!("${}::{kind}", 2 + row * types.len() + n);
            format!("({})", types.iter().enumerate().map(parameter).collect::<Vec<_>>().join(", "))
        })
        .collect();
    [
        concat!("WITH wanted AS MATERIALIZED (SELECT wanted.*, ", version!(), " FROM (VALUES "),
        &rows.join(", "),
        concat!(
            ") AS wanted (aggregate_type, aggregate_id, from_version, to_version, append, nth, event_id, event_type, \
                 schema_version, occurred_at, tenant, metadata, payload, slice)), stored AS (",
            insert!(),
            "SELECT event_id, aggregate_type, aggregate_id, version + nth, event_type, schema_version, occurred_at, ",
            recorded_at!(),
            ", tenant, metadata::json, payload, slice FROM wanted WHERE version BETWEEN from_version AND to_version",
            outcomes!()
        ),
    ]
    .concat()
}

/// A stream (`$2`, `$3`) and its version. `OFFSET 0` keeps the planner from looking up the version more than once.
macro_rules! one_stream {
    () => {
        concat!(
            "(SELECT wanted.*, ",
            version!(),
            " FROM (SELECT $2::text AS aggregate_type, $3::uuid AS aggregate_id) AS wanted OFFSET 0) AS wanted"
        )
    };
}

/// Appends one event to one stream whose version is between `$4` and `$5`, in half the time of [`APPEND`]. Returns no
/// row if the append is refused.
pub(super) const APPEND_ONE: &str = concat!(
    insert!(),
    "SELECT $6, aggregate_type, aggregate_id, version + 1, $7, $8, $9, ",
    recorded_at!(),
    ", $10, $11::text::json, $12, $13 FROM ",
    one_stream!(),
    " WHERE version BETWEEN $4 AND $5 RETURNING version, position, recorded_at"
);

/// Appends several events to one stream, as [`APPEND_ONE`] does. The array of a column that has only nulls can be
/// empty.
pub(super) const APPEND_TO_ONE: &str = concat!(
    insert!(),
    "SELECT event_id, aggregate_type, aggregate_id, version + n, event_type, schema_version, occurred_at, ",
    recorded_at!(),
    ", tenant, metadata::json, payload, slice FROM ",
    one_stream!(),
    ", unnest($6::uuid[], $7::text[], $8::bigint[], $9::timestamptz[], $10::text[], $11::text[], $12::text[], \
         $13::smallint[]) \
         WITH ORDINALITY AS new (event_id, event_type, schema_version, occurred_at, tenant, metadata, payload, slice, n) \
     WHERE version BETWEEN $4 AND $5 ORDER BY n RETURNING version, position, recorded_at"
);

/// Begins an append in a transaction of the caller. From the append on, the transaction holds the log back, so it must
/// not be idle for longer than `timeout` milliseconds. A shorter timeout stays, and a rollback of the append restores
/// the old one.
pub(super) fn savepoint(timeout: u32) -> String {
    format!(
        "SAVEPOINT eventsource_append; SELECT set_config('idle_in_transaction_session_timeout', '{timeout}', true) \
         WHERE current_setting('idle_in_transaction_session_timeout')::interval \
         NOT BETWEEN interval '1 ms' AND interval '{timeout} ms'"
    )
}

pub(super) const RELEASE: &str = "RELEASE SAVEPOINT eventsource_append";
pub(super) const UNDO: &str = "ROLLBACK TO SAVEPOINT eventsource_append; RELEASE SAVEPOINT eventsource_append";

/// For each position in `$1`: the number of events after it and up to `$2`, counted in an index up to `$3`; and the
/// earliest time of storage of the first `$4` of them.
pub(super) const BACKLOGS: &str = "SELECT \
         (SELECT count(*) FROM (SELECT FROM {schema}.eventsource_events \
             WHERE position > wanted.after AND position <= $2 ORDER BY position LIMIT $3) AS counted), \
         (SELECT min(first.recorded_at) FROM (SELECT recorded_at FROM {schema}.eventsource_events \
             WHERE position > wanted.after AND position <= $2 ORDER BY position LIMIT $4) AS first) \
     FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (after, n) ORDER BY wanted.n";

/// At most `$4` event types in `($2, $3]` that are not in `$1`, ordered by first occurrence.
///
/// For each type, the index is searched once for the name and once for the first position, for any length of the log.
/// The comparison of rows keeps the planner from using another index.
pub(super) const TYPES_EXCEPT: &str = "WITH RECURSIVE types AS ( \
         (SELECT event_type FROM {schema}.eventsource_events ORDER BY event_type LIMIT 1) \
         UNION ALL \
         SELECT (SELECT next.event_type FROM {schema}.eventsource_events AS next \
             WHERE next.event_type > types.event_type ORDER BY next.event_type LIMIT 1) \
         FROM types WHERE types.event_type IS NOT NULL \
     ) SELECT types.event_type, own.position FROM types CROSS JOIN LATERAL ( \
         SELECT own.event_type, own.position FROM {schema}.eventsource_events AS own \
         WHERE (own.event_type, own.position) > (types.event_type, $2) \
         ORDER BY own.event_type, own.position LIMIT 1) AS own \
     WHERE own.event_type = types.event_type AND own.position <= $3 AND types.event_type <> ALL ($1) ORDER BY own.position LIMIT $4";

/// The columns, in the order in which `row.rs` reads them.
///
/// Metadata or a payload that is larger than `$6` is null, and the last column then contains the size of the event.
/// PostgreSQL returns the length of a stored text without reading it.
macro_rules! columns {
    () => {
        "position, event_id, aggregate_type, aggregate_id, version, event_type, schema_version, occurred_at, \
         recorded_at, CASE WHEN octet_length(metadata::text) <= $6 THEN metadata::text END, \
         CASE WHEN octet_length(payload) <= $6 THEN payload END, slice, \
         CASE WHEN octet_length(payload) > $6 OR octet_length(metadata::text) > $6 \
         THEN octet_length(payload) + coalesce(octet_length(metadata::text), 0) END"
    };
}

/// The columns of a whole event.
macro_rules! whole {
    () => {
        "position, event_id, aggregate_type, aggregate_id, version, event_type, schema_version, occurred_at, \
         recorded_at, metadata::text, payload, slice"
    };
}

/// The events at the positions `$1`, with their contents.
pub(super) const AT_POSITIONS: &str =
    concat!("SELECT ", whole!(), " FROM {schema}.eventsource_events WHERE position = ANY ($1) ORDER BY position");

/// The event with the id `$1`, with its contents.
pub(super) const BY_ID: &str = concat!("SELECT ", whole!(), " FROM {schema}.eventsource_events WHERE event_id = $1");

/// At most `$4` streams of the type `$1` after the id `$2` and the version `$3` in the index, with their versions.
///
/// For each stream, the index is searched once for the id and once for the version, for any length of the stream.
pub(super) const STREAMS: &str = "WITH RECURSIVE streams AS ( \
         (SELECT aggregate_type, aggregate_id FROM {schema}.eventsource_events \
         WHERE (aggregate_type, aggregate_id, version) > ($1, $2, $3) \
         ORDER BY aggregate_type, aggregate_id, version LIMIT 1) \
         UNION ALL \
         SELECT next.aggregate_type, next.aggregate_id FROM streams CROSS JOIN LATERAL ( \
             SELECT aggregate_type, aggregate_id FROM {schema}.eventsource_events AS own \
             WHERE (own.aggregate_type, own.aggregate_id, own.version) \
                 > (streams.aggregate_type, streams.aggregate_id, 9223372036854775807) \
             ORDER BY own.aggregate_type, own.aggregate_id, own.version LIMIT 1) AS next \
         WHERE streams.aggregate_type = $1 \
     ) SELECT aggregate_id, (SELECT max(version) FROM {schema}.eventsource_events AS own \
             WHERE own.aggregate_type = streams.aggregate_type AND own.aggregate_id = streams.aggregate_id) \
     FROM streams WHERE aggregate_type = $1 LIMIT $4";

pub(super) const fn read_stream(direction: Direction) -> &'static str {
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

/// With more names than this, the log is read in order, and each row is compared with the names.
const MOST_ARMS: usize = 100;

/// For the connections that read the log: rows are never sorted, and scans use the primary key, with one generic plan.
///
/// With outdated statistics, the planner would sometimes read and sort the whole rest of the log.
pub(super) const PLAN_PAGES: &str = "SET enable_sort = off; SET enable_bitmapscan = off; SET enable_seqscan = off; \
     SET jit = off; SET plan_cache_mode = force_generic_plan";

/// As [`PLAN_PAGES`] for a transaction that reads a page, but with a plan for the names of the filter.
pub(super) const PLAN_A_PAGE: &str = "SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off; \
     SET LOCAL enable_seqscan = off; SET LOCAL jit = off; SET LOCAL plan_cache_mode = force_custom_plan";

/// Reads at most `$3` rows in `($1, $2]` that match `filter`, in position order. `$4` are the event types, `$5` the
/// aggregate types, and `$7` is the tenant.
///
/// For each name, one arm of a `UNION ALL` reads a part of an index, in position order. PostgreSQL merges the arms and
/// stops at the limit, so the cost depends on the page only, and nothing is sorted.
pub(super) fn read_log(filter: &EventFilter) -> String {
    read(filter, MOST_ARMS, "")
}

/// As [`read_log`], the last event first.
pub(super) fn read_log_back(filter: &EventFilter) -> String {
    read(filter, MOST_ARMS, " DESC")
}

/// As [`read_log`] without arms, for a scan of a few positions. The first row has the position and the id of the last
/// event at or before `$1`, and nulls in the other columns.
pub(super) fn read_nearby(filter: &EventFilter) -> String {
    format!(
        "(SELECT position, event_id, NULL::text, NULL::uuid, NULL::bigint, NULL::text, NULL::bigint, NULL::timestamptz, \
         NULL::timestamptz, NULL::text, NULL::text, NULL::smallint, NULL::integer FROM {{schema}}.eventsource_events \
         WHERE position <= $1 ORDER BY position DESC LIMIT 1) UNION ALL ({})",
        read(filter, 0, "")
    )
}

fn read(filter: &EventFilter, most_arms: usize, direction: &str) -> String {
    let few = |count: Option<usize>| count.filter(|count| *count <= most_arms);
    let types = filter.event_types().map(|names| names.len());
    let aggregates = filter.aggregate_types().map(|names| names.len());
    let tenant = filter.get_tenant().is_some();
    // Conditions without an arm are checked on each row.
    let (column, parameter, arms) = match (few(types), few(aggregates)) {
        (Some(arms), _) => ("event_type", "$4", arms),
        (None, Some(arms)) if types.is_none() => ("aggregate_type", "$5", arms),
        _ => ("", "", 1),
    };
    let mut residual = String::new();
    for (name, parameter, wanted) in [("event_type", "$4", types), ("aggregate_type", "$5", aggregates)] {
        if wanted.is_some() && name != column {
            let _ = write!(residual, " AND {name} = ANY ({parameter}::text[])");
        }
    }
    if tenant {
        residual.push_str(" AND tenant = $7");
    }
    let arm = |n: usize| {
        let equals =
            if column.is_empty() { String::new() } else { format!("{column} = ({parameter}::text[])[{n}] AND ") };
        format!(
            "(SELECT * FROM {{schema}}.eventsource_events WHERE {equals}position > $1 AND position <= $2{residual} \
             ORDER BY position{direction} LIMIT $3)"
        )
    };
    let arms: Vec<_> = (1..=arms).map(arm).collect();
    let arms = arms.join(" UNION ALL ");
    format!(concat!("SELECT ", columns!(), " FROM ({}) AS log ORDER BY position{} LIMIT $3"), arms, direction)
}

pub(super) fn explain(sql: &str) -> String {
    format!("EXPLAIN {sql}")
}
