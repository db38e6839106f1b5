//! The SQL of appends.

pub(in crate::backend::postgres::store) const VERSION: &str = "SELECT coalesce(max(version), 0) FROM {schema}.eventsource_events \
     WHERE aggregate_type = $1 AND aggregate_id = $2";

pub(in crate::backend::postgres::store) const TAKEN_IDS: &str =
    "SELECT event_id FROM {schema}.eventsource_events WHERE event_id = ANY ($1)";

/// Finds the places of events after an append whose answer was lost.
pub(in crate::backend::postgres::store) const STORED: &str = "SELECT version, position, recorded_at FROM {schema}.eventsource_events \
     WHERE event_id = ANY ($1) AND aggregate_type = $2 AND aggregate_id = $3 ORDER BY version";

/// Up to this number of events, a statement for exactly that number is used, with one row of parameters for each event.
/// That is faster than arrays.
pub(in crate::backend::postgres::store) const FEW: usize = 16;

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
pub(in crate::backend::postgres::store) const APPEND: &str = append!("");

/// As [`APPEND`], but stores nothing if one of the streams has another version.
pub(in crate::backend::postgres::store) const APPEND_AS_ONE: &str = append!(
    "AND NOT EXISTS (SELECT FROM wanted AS other WHERE NOT other.version BETWEEN other.from_version AND other.to_version) "
);

/// As [`APPEND`] for exactly `events` events, each with its stream, in the order of the columns of `wanted`.
pub(in crate::backend::postgres::store) fn append_few(events: usize) -> String {
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
pub(in crate::backend::postgres::store) const APPEND_ONE: &str = concat!(
    insert!(),
    "SELECT $6, aggregate_type, aggregate_id, version + 1, $7, $8, $9, ",
    recorded_at!(),
    ", $10, $11::text::json, $12, $13 FROM ",
    one_stream!(),
    " WHERE version BETWEEN $4 AND $5 RETURNING version, position, recorded_at"
);

/// Appends several events to one stream, as [`APPEND_ONE`] does. The array of a column that has only nulls can be
/// empty.
pub(in crate::backend::postgres::store) const APPEND_TO_ONE: &str = concat!(
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
pub(in crate::backend::postgres::store) fn savepoint(timeout: u32) -> String {
    format!(
        "SAVEPOINT eventsource_append; SELECT set_config('idle_in_transaction_session_timeout', '{timeout}', true) \
         WHERE current_setting('idle_in_transaction_session_timeout')::interval \
         NOT BETWEEN interval '1 ms' AND interval '{timeout} ms'"
    )
}

pub(in crate::backend::postgres::store) const RELEASE: &str = "RELEASE SAVEPOINT eventsource_append";
pub(in crate::backend::postgres::store) const UNDO: &str =
    "ROLLBACK TO SAVEPOINT eventsource_append; RELEASE SAVEPOINT eventsource_append";
