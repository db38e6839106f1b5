//! The SQL of the event store.

use std::fmt::Write as _;

use crate::store::{Direction, EventFilter};

pub(super) const JOURNAL_MODE: &str = "PRAGMA journal_mode";
pub(super) const SWITCH_TO_WAL: &str = "PRAGMA journal_mode = WAL";
pub(super) const FILE: &str = "SELECT file FROM pragma_database_list WHERE name = 'main'";

pub(super) const HAS_SCHEMA_TABLE: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'eventsource_schema')";
pub(super) const CREATE_SCHEMA_TABLE: &str = "CREATE TABLE IF NOT EXISTS eventsource_schema \
     (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT";
pub(super) const SCHEMA_VERSION: &str = "SELECT max(version) FROM eventsource_schema";
/// The checksum of a migration that has none yet.
pub(super) const NOTE_CHECKSUM: &str =
    "UPDATE eventsource_schema SET checksum = ?1 WHERE version = ?2 AND checksum IS NULL";
pub(super) const HAS_CHECKSUMS: &str =
    "SELECT EXISTS (SELECT 1 FROM pragma_table_info('eventsource_schema') WHERE name = 'checksum')";
pub(super) const CHECKSUMS: &str = "SELECT version, checksum FROM eventsource_schema ORDER BY version";
pub(super) const INSERT_SCHEMA_VERSION: &str =
    "INSERT INTO eventsource_schema (version, name, applied_at) VALUES (?1, ?2, ?3)";

pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE";

/// The savepoint that sqlx creates for a transaction inside `depth` others.
pub(super) fn savepoint(depth: usize) -> String {
    format!("SAVEPOINT _sqlx_savepoint_{depth}")
}

/// The settings of a new connection that a handler can change.
pub(super) const DEFAULTS: &str = "PRAGMA query_only = OFF; PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = OFF; \
     PRAGMA ignore_check_constraints = OFF; PRAGMA reverse_unordered_selects = OFF; PRAGMA read_uncommitted = OFF; \
     PRAGMA case_sensitive_like = OFF; PRAGMA locking_mode = NORMAL; PRAGMA writable_schema = OFF; \
     PRAGMA max_page_count = 4294967294";

/// Returns the statements that remove the state a handler has left: temporary tables, views and triggers, and attached
/// databases.
pub(super) const LEFT_BEHIND: &str = "SELECT 'DROP ' || type || ' IF EXISTS temp.\"' || replace(name, '\"', '\"\"') || '\"' \
     FROM temp.sqlite_schema WHERE type IN ('table', 'view', 'trigger') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
     UNION ALL SELECT 'DETACH \"' || replace(name, '\"', '\"\"') || '\"' FROM pragma_database_list \
     WHERE name NOT IN ('main', 'temp')";
pub(super) const ROLLBACK: &str = "ROLLBACK";

/// The columns, in the order in which `row.rs` reads them and `insert.rs` binds them.
macro_rules! columns {
    () => {
        "position, event_id, aggregate_type, aggregate_id, version, event_type, schema_version, occurred_at, \
         recorded_at, tenant, metadata, payload, slice"
    };
}

pub(super) const HEAD: &str = "SELECT max(position) FROM eventsource_events";
pub(super) const LOG_ID: &str = "SELECT id FROM eventsource_log";

/// The last assigned position, even if its event was deleted. The next position follows it.
macro_rules! last_given {
    () => {
        "(SELECT max(coalesce((SELECT max(position) FROM eventsource_events), 0), \
         (SELECT deleted_to FROM eventsource_log)))"
    };
}

/// The position and the id of the last event, and of the last event at or before `?1`.
macro_rules! marks {
    () => {
        "(SELECT max(position) FROM eventsource_events), (SELECT event_id FROM eventsource_events \
             WHERE position = (SELECT max(position) FROM eventsource_events)), \
         (SELECT max(position) FROM eventsource_events WHERE position <= ?1), (SELECT event_id FROM eventsource_events \
             WHERE position = (SELECT max(position) FROM eventsource_events WHERE position <= ?1))"
    };
}
pub(super) const MARKS: &str = concat!("SELECT ", marks!());
pub(super) const LAST_EVENT: &str =
    "SELECT position, event_id FROM eventsource_events WHERE position <= ?1 ORDER BY position DESC LIMIT 1";
/// The event with the id `?1`.
pub(super) const BY_ID: &str = concat!("SELECT ", columns!(), " FROM eventsource_events WHERE event_id = ?1");
/// At most `?3` streams of the type `?1` after the id `?2`, with their versions.
///
/// For each stream, the index is searched once for the id and once for the version, for any length of the stream. An id
/// that does not have 16 bytes is left out.
pub(super) const STREAMS: &str = "WITH RECURSIVE streams (id) AS ( \
         SELECT (SELECT min(aggregate_id) FROM eventsource_events WHERE aggregate_type = ?1 AND aggregate_id > ?2) \
         UNION ALL \
         SELECT (SELECT min(next.aggregate_id) FROM eventsource_events AS next \
             WHERE next.aggregate_type = ?1 AND next.aggregate_id > streams.id) \
         FROM streams WHERE streams.id IS NOT NULL \
     ) SELECT id, (SELECT max(own.version) FROM eventsource_events AS own \
             WHERE own.aggregate_type = ?1 AND own.aggregate_id = streams.id) \
     FROM streams WHERE length(id) = 16 LIMIT ?3";
pub(super) const HAS_EVENT: &str = "SELECT EXISTS (SELECT 1 FROM eventsource_events WHERE event_id = ?1)";

/// Begins a write transaction. Reads the last assigned position, the time of the last event, and the versions of
/// `streams` streams, one row each.
pub(super) fn begin_append(streams: usize) -> String {
    let mut sql = format!(
        concat!(
            "{}; SELECT ",
            last_given!(),
            ", (SELECT recorded_at FROM eventsource_events ORDER BY position DESC LIMIT 1)"
        ),
        BEGIN
    );
    for _ in 0..streams {
        sql.push_str("; SELECT max(version) FROM eventsource_events WHERE aggregate_type = ? AND aggregate_id = ?");
    }
    sql
}

/// Appends one event to a stream with the version `?4`.
///
/// It appends nothing if the stream has another version, or if the clock (`?8`) has stepped back since the last event
/// by no more than [`STEP_BACK`](crate::store::clock::STEP_BACK). The statement is a transaction. It takes the write
/// lock before it reads, as after `BEGIN IMMEDIATE`.
pub(super) const APPEND_ONE: &str = concat!(
    "INSERT INTO eventsource_events (",
    columns!(),
    ") SELECT ",
    last_given!(),
    " + 1, ?1, ?2, ?3, ?4 + 1, ?5, ?6, ?7, ?8, ?9, ?10, \
     ?11, ?12 WHERE ?4 = coalesce((SELECT max(version) FROM eventsource_events \
         WHERE aggregate_type = ?2 AND aggregate_id = ?3), 0) \
     AND coalesce((SELECT recorded_at FROM eventsource_events ORDER BY position DESC LIMIT 1), 0) \
         NOT BETWEEN ?8 + 1 AND ?8 + 5000000"
);

/// Rounds the number of streams up to a power of two, so that few different statements stay prepared.
pub(super) const fn streams_at_once(streams: usize) -> usize {
    streams.next_power_of_two()
}

/// Finds the place of an event after an append whose answer was lost.
pub(super) const STORED: &str = "SELECT version, position, recorded_at FROM eventsource_events \
     WHERE event_id = ?1 AND aggregate_type = ?2 AND aggregate_id = ?3";

/// For each position in the JSON array `?1`: the head, and the earliest time of storage of the first `?2` events after
/// the position.
pub(super) const BACKLOGS: &str = "SELECT (SELECT max(position) FROM eventsource_events), \
         (SELECT min(first.recorded_at) FROM (SELECT recorded_at FROM eventsource_events \
             WHERE position > wanted.value ORDER BY position LIMIT ?2) AS first) \
     FROM json_each(?1) AS wanted ORDER BY wanted.key";

/// At most `?4` event types in `(?2, ?3]` that are not in the JSON array `?1`, ordered by first occurrence.
///
/// For each type, the index is searched once for the name and once for the first position, for any length of the log.
pub(super) const TYPES_EXCEPT: &str = "WITH RECURSIVE types (event_type) AS ( \
         SELECT (SELECT min(event_type) FROM eventsource_events INDEXED BY eventsource_events_by_event_type) \
         UNION ALL \
         SELECT (SELECT min(next.event_type) FROM eventsource_events AS next \
             INDEXED BY eventsource_events_by_event_type WHERE next.event_type > types.event_type) \
         FROM types WHERE types.event_type IS NOT NULL \
     ), found AS MATERIALIZED ( \
         SELECT event_type, (SELECT min(own.position) FROM eventsource_events AS own \
             INDEXED BY eventsource_events_by_event_type \
             WHERE own.event_type = types.event_type AND own.position > ?2 AND own.position <= ?3) AS first \
         FROM types WHERE event_type NOT IN (SELECT value FROM json_each(?1)) \
     ) SELECT event_type, first FROM found WHERE first IS NOT NULL ORDER BY first LIMIT ?4";

const COLUMNS: &str = columns!();
pub(super) const COLUMN_COUNT: usize = 13;

/// The maximum number of rows of one `INSERT`. It stays far below the 32,766 parameters that SQLite allows.
pub(super) const MOST_ROWS: usize = 256;

/// Inserts `rows` rows. The last statement of an append commits too.
pub(super) fn insert_events(rows: usize, last: bool) -> String {
    let (source, end) = (source(rows), if last { "; COMMIT" } else { "" });
    format!("INSERT INTO eventsource_events ({COLUMNS}) SELECT * FROM {source}{end}")
}

/// Inserts `rows` rows with the next positions, under the same conditions as [`APPEND_ONE`] for each of `streams`
/// streams. Otherwise it inserts no row. [`APPEND_ONE`] is faster for one event.
pub(super) fn append_at_once(streams: usize, rows: usize) -> String {
    let expected = vec!["(?,?,?,?)"; streams].join(",");
    let others: Vec<_> = (2..=COLUMN_COUNT).map(|n| format!("column{n}")).collect();
    format!(
        concat!(
            "WITH expected (aggregate_type, aggregate_id, version, recorded_at) AS (VALUES {expected}) \
         INSERT INTO eventsource_events ({columns}) \
         SELECT ",
            last_given!(),
            " + column1, {others} FROM {source} \
         AND NOT EXISTS (SELECT 1 FROM expected WHERE expected.version <> coalesce((SELECT max(own.version) \
                 FROM eventsource_events AS own WHERE own.aggregate_type = expected.aggregate_type \
                 AND own.aggregate_id = expected.aggregate_id), 0) \
             OR (SELECT recorded_at FROM eventsource_events ORDER BY position DESC LIMIT 1) \
                 BETWEEN expected.recorded_at + 1 AND expected.recorded_at + 5000000) \
         ORDER BY column1"
        ),
        expected = expected,
        columns = COLUMNS,
        others = others.join(", "),
        source = source(rows)
    )
}

/// Returns the bound rows, rounded up to a power of two, so that few different statements stay prepared. A row without
/// bound values has no position, and is left out.
fn source(rows: usize) -> String {
    let row = format!("(?{})", ",?".repeat(COLUMN_COUNT - 1));
    format!("(VALUES {}) WHERE column1 IS NOT NULL", vec![row; rows.next_power_of_two()].join(","))
}

/// The size of an event, in bytes.
macro_rules! size {
    () => {
        "octet_length(payload) + coalesce(octet_length(metadata), 0)"
    };
}

/// The columns and the size. The metadata and the payload are null if the event is larger than `?6`.
macro_rules! sized_columns {
    () => {
        concat!(
            "position, event_id, aggregate_type, aggregate_id, version, event_type, schema_version, occurred_at, \
             recorded_at, tenant, CASE WHEN ",
            size!(),
            " <= ?6 THEN metadata END, CASE WHEN ",
            size!(),
            " <= ?6 THEN payload END, slice, ",
            size!()
        )
    };
}

pub(super) const fn read_stream(direction: Direction) -> &'static str {
    match direction {
        Direction::Forward => concat!(
            "SELECT ",
            sized_columns!(),
            " FROM eventsource_events WHERE aggregate_type = ?1 AND aggregate_id = ?2 \
             AND version BETWEEN ?3 AND ?4 ORDER BY version LIMIT ?5"
        ),
        Direction::Backward => concat!(
            "SELECT ",
            sized_columns!(),
            " FROM eventsource_events WHERE aggregate_type = ?1 AND aggregate_id = ?2 \
             AND version BETWEEN ?3 AND ?4 ORDER BY version DESC LIMIT ?5"
        ),
    }
}

/// With more names than this, the log is read in order, and each row is compared with the names.
const MOST_ARMS: usize = 100;

/// An event as one text, which `packed.rs` reads.
///
/// It contains numbers, each followed by a space, and then ids and texts without separators. The numbers include the
/// lengths of the texts. For a large event, it contains only the position and the size.
const RECORD: &str = concat!(
    "CASE WHEN ",
    size!(),
    " <= 8192 THEN \
     concat_ws(' ', position, version, schema_version, occurred_at, recorded_at, octet_length(aggregate_type), \
     octet_length(event_type), coalesce(octet_length(metadata), -1), octet_length(payload), coalesce(slice, -1), \
     concat(event_id, aggregate_id, aggregate_type, event_type, metadata, payload)) \
     ELSE concat(position, ' - ', ",
    size!(),
    ", ' ') END"
);

/// Reads a page of the log as one row: the events as one blob, and the marks of the log.
///
/// It reads at most `?3` events in `(?1, ?2]` that match `filter`, in position order. The parameters from `?4` on are
/// the event types, the aggregate types and the tenant ([`filter_values`]). One snapshot is used for all of it, so no
/// event up to the head is missing.
pub(super) fn read_packed(filter: &EventFilter) -> String {
    let log = select_log(&format!("position, {RECORD} AS record"), filter, Direction::Forward);
    format!(concat!("SELECT CAST(group_concat(record, '') AS BLOB), ", marks!(), " FROM ({})"), log)
}

/// Reads the positions and sizes of the events of a page. The parameters are those of [`read_packed`].
pub(super) fn read_sizes(filter: &EventFilter) -> String {
    select_log(SIZE, filter, Direction::Forward)
}

/// Reads the positions and sizes of the events of a page, the last event first.
pub(super) fn read_sizes_back(filter: &EventFilter) -> String {
    select_log(SIZE, filter, Direction::Backward)
}

const SIZE: &str = concat!("position, ", size!());

/// The events at the positions in the JSON array `?1`.
pub(super) const AT_POSITIONS: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM eventsource_events WHERE position IN (SELECT value FROM json_each(?1)) ORDER BY position"
);

/// Selects events of the log through a filter.
///
/// For each name, one arm of a `UNION ALL` reads a part of an index, in position order. SQLite merges the arms and
/// stops at the limit, so the cost depends on the page only, and nothing is sorted. `INDEXED BY` fixes the plan.
fn select_log(selected: &str, filter: &EventFilter, direction: Direction) -> String {
    let mut next = 4;
    let mut parameters = |names: Option<usize>| {
        names.map(|count| {
            let first = next;
            next += if count > MOST_ARMS { 1 } else { count };
            Names { first, count }
        })
    };
    let types = parameters(filter.event_types().map(|names| names.len()));
    let aggregates = parameters(filter.aggregate_types().map(|names| names.len()));
    let tenant = parameters(filter.get_tenant().map(|_| 1));

    let mut residual = String::new();
    let (column, index, names) = match (types, aggregates) {
        (Some(types), _) if types.count <= MOST_ARMS => {
            push_one_of(&mut residual, "aggregate_type", aggregates);
            ("event_type", "eventsource_events_by_event_type", Some(types))
        }
        (None, Some(aggregates)) if aggregates.count <= MOST_ARMS => {
            ("aggregate_type", "eventsource_events_by_aggregate_type", Some(aggregates))
        }
        (None, None) if tenant.is_some() => ("tenant", "eventsource_events_by_tenant", tenant),
        (types, aggregates) => {
            push_one_of(&mut residual, "event_type", types);
            push_one_of(&mut residual, "aggregate_type", aggregates);
            ("", "", None)
        }
    };
    if column != "tenant" {
        push_one_of(&mut residual, "tenant", tenant);
    }

    let mut sql = String::new();
    match names {
        None => push_arm(&mut sql, selected, "NOT INDEXED", "", &residual),
        Some(names) => {
            for parameter in names.first..names.first + names.count {
                if !sql.is_empty() {
                    sql.push_str(" UNION ALL ");
                }
                let equals = format!("{column} = ?{parameter} AND ");
                push_arm(&mut sql, selected, &format!("INDEXED BY {index}"), &equals, &residual);
            }
        }
    }
    sql.push_str(match direction {
        Direction::Forward => " ORDER BY position LIMIT ?3",
        Direction::Backward => " ORDER BY position DESC LIMIT ?3",
    });
    sql
}

/// The parameters of one part of a filter: one for each name, or one JSON array if there are too many names.
#[derive(Clone, Copy)]
struct Names {
    first: usize,
    count: usize,
}

fn push_arm(sql: &mut String, selected: &str, index: &str, equals: &str, residual: &str) {
    let _ = write!(
        sql,
        "SELECT {selected} FROM eventsource_events {index} WHERE {equals}position > ?1 AND position <= ?2{residual}"
    );
}

/// Adds a condition that `column` is one of the names. The unary plus keeps the planner from using an index for it.
fn push_one_of(sql: &mut String, column: &str, names: Option<Names>) {
    let Some(Names { first, count }) = names else { return };
    if count > MOST_ARMS {
        let _ = write!(sql, " AND +{column} IN (SELECT value FROM json_each(?{first}))");
        return;
    }
    let list: Vec<_> = (first..first + count).map(|parameter| format!("?{parameter}")).collect();
    let _ = write!(sql, " AND +{column} IN ({})", list.join(","));
}

/// Returns the parameters from `?4` on.
pub(super) fn filter_values(filter: &EventFilter) -> Vec<String> {
    fn push<'a>(values: &mut Vec<String>, names: Option<impl ExactSizeIterator<Item = &'a str>>) {
        match names {
            Some(names) if names.len() > MOST_ARMS => {
                values.push(serde_json::Value::from(names.collect::<Vec<_>>()).to_string());
            }
            Some(names) => values.extend(names.map(str::to_owned)),
            None => {}
        }
    }
    let mut values = Vec::new();
    push(&mut values, filter.event_types());
    push(&mut values, filter.aggregate_types());
    values.extend(filter.get_tenant().map(str::to_owned));
    values
}

pub(super) fn explain(sql: &str) -> String {
    format!("EXPLAIN QUERY PLAN {sql}")
}
