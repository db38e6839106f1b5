//! The SQL of appends.

use super::{BEGIN, columns};

/// The last assigned position, even if its event was deleted. The next position follows it.
macro_rules! last_given {
    () => {
        "(SELECT max(coalesce((SELECT max(position) FROM eventsource_events), 0), \
         (SELECT deleted_to FROM eventsource_log)))"
    };
}

/// Begins a write transaction. Reads the last assigned position, the time of the last event, and the versions of
/// `streams` streams, one row each.
pub(in crate::backend::sqlite::store) fn begin_append(streams: usize) -> String {
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
pub(in crate::backend::sqlite::store) const APPEND_ONE: &str = concat!(
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
pub(in crate::backend::sqlite::store) const fn streams_at_once(streams: usize) -> usize {
    streams.next_power_of_two()
}

/// Finds the place of an event after an append whose answer was lost.
pub(in crate::backend::sqlite::store) const STORED: &str = "SELECT version, position, recorded_at FROM eventsource_events \
     WHERE event_id = ?1 AND aggregate_type = ?2 AND aggregate_id = ?3";

pub(in crate::backend::sqlite::store) const HAS_EVENT: &str =
    "SELECT EXISTS (SELECT 1 FROM eventsource_events WHERE event_id = ?1)";

const COLUMNS: &str = columns!();
pub(in crate::backend::sqlite::store) const COLUMN_COUNT: usize = 13;

/// The maximum number of rows of one `INSERT`. It stays far below the 32,766 parameters that SQLite allows.
pub(in crate::backend::sqlite::store) const MOST_ROWS: usize = 256;

/// Inserts `rows` rows. The last statement of an append commits too.
pub(in crate::backend::sqlite::store) fn insert_events(rows: usize, last: bool) -> String {
    let (source, end) = (source(rows), if last { "; COMMIT" } else { "" });
    format!("INSERT INTO eventsource_events ({COLUMNS}) SELECT * FROM {source}{end}")
}

/// Inserts `rows` rows with the next positions, under the same conditions as [`APPEND_ONE`] for each of `streams`
/// streams. Otherwise it inserts no row. [`APPEND_ONE`] is faster for one event.
pub(in crate::backend::sqlite::store) fn append_at_once(streams: usize, rows: usize) -> String {
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
