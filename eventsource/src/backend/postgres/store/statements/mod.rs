//! The SQL of the event store. `{schema}` stands for the schema, `{name}` for its name without quotes.

mod append;
mod filter;
mod queries;
mod read;
mod schema;

pub(super) use append::{
    APPEND, APPEND_AS_ONE, APPEND_ONE, APPEND_TO_ONE, FEW, RELEASE, STORED, TAKEN_IDS, UNDO, VERSION, append_few,
    savepoint,
};
pub(super) use filter::{PLAN_A_PAGE, PLAN_PAGES, read_log, read_log_back, read_nearby};
pub(super) use queries::{
    CORRELATED, CORRELATED_BY_SCAN, CORRELATION_INDEX, CREATE_CORRELATION_INDEX, DROP_CORRELATION_INDEX, FIRST_IN,
    LAST_BUT, LOCK_CORRELATION_INDEX, NO_TIME_LIMITS, STREAM_PAGE, STREAM_PAGE_OF_TYPE, TYPE_PAGE,
};
pub(super) use read::{
    AT_POSITIONS, BACKLOGS, BY_ID, HOLDERS, HORIZON, LAST_EVENT, LOG_ID, STREAMS, TYPES_EXCEPT, read_stream,
};
pub(crate) use schema::WRITE_ONLY_IN_A_UNIT;
pub(super) use schema::{
    APPENDS_BLINDLY, CHECKSUMS, CREATE_SCHEMA, CREATE_SCHEMA_TABLE, HAS_CHECKSUMS, HAS_SCHEMA, HAS_SCHEMA_TABLE,
    INSERT_SCHEMA_VERSION, LOCK_MIGRATIONS, LOG, NOTE_CHECKSUM, PLAN_APPENDS_ONCE, SCHEMA_VERSION,
};

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
use columns;

pub(super) fn explain(sql: &str) -> String {
    format!("EXPLAIN {sql}")
}
