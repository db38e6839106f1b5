//! The SQL of the event store.

mod append;
mod filter;
mod queries;
mod read;
mod schema;

pub(super) use append::{
    APPEND_ONE, COLUMN_COUNT, HAS_EVENT, MOST_ROWS, STORED, append_at_once, begin_append, insert_events,
    streams_at_once,
};
pub(super) use filter::{filter_values, read_packed, read_sizes, read_sizes_back};
pub(super) use queries::{
    CORRELATED, CORRELATED_BY_SCAN, CREATE_CORRELATION_INDEX, FIRST_IN, HAS_CORRELATION_INDEX, LAST_BUT, STREAM_PAGE,
    STREAM_PAGE_OF_TYPE, TYPE_PAGE,
};
pub(super) use read::{
    AT_POSITIONS, BACKLOGS, BY_ID, HEAD, LAST_EVENT, LOG_ID, MARKS, STREAMS, TYPES_EXCEPT, read_stream,
};
pub(super) use schema::{
    CHECKSUMS, CREATE_SCHEMA_TABLE, DEFAULTS, FILE, HAS_CHECKSUMS, HAS_SCHEMA_TABLE, INSERT_SCHEMA_VERSION,
    JOURNAL_MODE, LEFT_BEHIND, NOTE_CHECKSUM, NOW_IN_MICROS, SCHEMA_VERSION, SWITCH_TO_WAL, savepoint,
};

pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE";

pub(super) const ROLLBACK: &str = "ROLLBACK";

/// The columns, in the order in which `row.rs` reads them and `insert.rs` binds them.
macro_rules! columns {
    () => {
        "position, event_id, aggregate_type, aggregate_id, version, event_type, schema_version, occurred_at, \
         recorded_at, tenant, metadata, payload, slice"
    };
}
use columns;

/// The size of an event, in bytes.
macro_rules! size {
    () => {
        "octet_length(payload) + coalesce(octet_length(metadata), 0)"
    };
}
use size;

pub(super) fn explain(sql: &str) -> String {
    format!("EXPLAIN QUERY PLAN {sql}")
}
