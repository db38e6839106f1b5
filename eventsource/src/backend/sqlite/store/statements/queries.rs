//! The SQL of the questions of operators.

use super::read::types;
use super::size;

/// The correlation id in the metadata; null if there is none, or if the metadata is not JSON.
macro_rules! correlation {
    () => {
        "CASE WHEN json_valid(metadata) THEN json_extract(metadata, '$.correlation_id') END"
    };
}

/// At most `?3` streams after the aggregate type `?1` and the id `?2`, with the places of their first and last events.
///
/// The recursion holds the position of the first event of each stream. For each stream, the index is searched once for
/// the next stream and once for the last version, for any length of the stream. `$while` ends the recursion. An id that
/// does not have 16 bytes is left out.
macro_rules! stream_page {
    ($while:literal) => {
        concat!(
            "WITH RECURSIVE streams (first) AS ( \
                 SELECT (SELECT position FROM eventsource_events WHERE (aggregate_type, aggregate_id) > (?1, ?2) \
                     ORDER BY aggregate_type, aggregate_id, version LIMIT 1) \
                 UNION ALL \
                 SELECT (SELECT next.position FROM eventsource_events AS next \
                     WHERE (next.aggregate_type, next.aggregate_id) > (this.aggregate_type, this.aggregate_id) \
                     ORDER BY next.aggregate_type, next.aggregate_id, next.version LIMIT 1) \
                 FROM streams CROSS JOIN eventsource_events AS this ON this.position = streams.first WHERE ",
            $while,
            " ) SELECT this.position, this.recorded_at, this.aggregate_type, this.aggregate_id, \
                 last.version, last.position, last.recorded_at \
             FROM streams CROSS JOIN eventsource_events AS this ON this.position = streams.first \
             CROSS JOIN eventsource_events AS last ON last.aggregate_type = this.aggregate_type \
                 AND last.aggregate_id = this.aggregate_id \
                 AND last.version = (SELECT max(own.version) FROM eventsource_events AS own \
                     WHERE own.aggregate_type = this.aggregate_type AND own.aggregate_id = this.aggregate_id) \
             WHERE ",
            $while,
            " AND length(this.aggregate_id) = 16 LIMIT ?3"
        )
    };
}

pub(in crate::backend::sqlite::store) const STREAM_PAGE: &str = stream_page!("true");
/// As [`STREAM_PAGE`], of the aggregate type `?4`.
pub(in crate::backend::sqlite::store) const STREAM_PAGE_OF_TYPE: &str = stream_page!("this.aggregate_type = ?4");

/// At most `?2` event types from the name `?1` on, with the positions of their first events.
pub(in crate::backend::sqlite::store) const TYPE_PAGE: &str = concat!(
    types!(" WHERE event_type >= ?1"),
    " SELECT event_type, (SELECT min(own.position) FROM eventsource_events AS own \
         INDEXED BY eventsource_events_by_event_type WHERE own.event_type = types.event_type) \
     FROM types WHERE event_type IS NOT NULL LIMIT ?2"
);

/// The position and the size of at most `?3` events in `(?1, ?2]` with the correlation id `?4`, found by the index.
pub(in crate::backend::sqlite::store) const CORRELATED: &str = concat!(
    "SELECT position, ",
    size!(),
    " FROM eventsource_events INDEXED BY eventsource_events_by_correlation WHERE ",
    correlation!(),
    " = ?4 AND position > ?1 AND position <= ?2 ORDER BY position LIMIT ?3"
);

/// As [`CORRELATED`], found by a scan of the range.
pub(in crate::backend::sqlite::store) const CORRELATED_BY_SCAN: &str = concat!(
    "SELECT position, ",
    size!(),
    " FROM eventsource_events NOT INDEXED WHERE ",
    correlation!(),
    " = ?4 AND position > ?1 AND position <= ?2 ORDER BY position LIMIT ?3"
);

/// The position of the last event but `?1`.
pub(in crate::backend::sqlite::store) const LAST_BUT: &str =
    "SELECT position FROM eventsource_events ORDER BY position DESC LIMIT 1 OFFSET ?1";

/// The first event in `[?1, ?2]`, and whether it was stored at or after `?3`.
pub(in crate::backend::sqlite::store) const FIRST_IN: &str = "SELECT position, recorded_at >= ?3 FROM eventsource_events \
     WHERE position >= ?1 AND position <= ?2 ORDER BY position LIMIT 1";

/// Events without a correlation id are not in the index. Its entries end with the position, which is the rowid.
pub(in crate::backend::sqlite::store) const CREATE_CORRELATION_INDEX: &str = concat!(
    "CREATE INDEX IF NOT EXISTS eventsource_events_by_correlation ON eventsource_events (",
    correlation!(),
    ") WHERE ",
    correlation!(),
    " IS NOT NULL"
);

pub(in crate::backend::sqlite::store) const HAS_CORRELATION_INDEX: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = 'eventsource_events_by_correlation')";
