//! The SQL of reads without a filter.

use super::{columns, size};
use crate::store::Direction;

pub(in crate::backend::sqlite::store) const HEAD: &str = "SELECT max(position) FROM eventsource_events";
pub(in crate::backend::sqlite::store) const LOG_ID: &str = "SELECT id FROM eventsource_log";

/// The position and the id of the last event, and of the last event at or before `?1`.
macro_rules! marks {
    () => {
        "(SELECT max(position) FROM eventsource_events), (SELECT event_id FROM eventsource_events \
             WHERE position = (SELECT max(position) FROM eventsource_events)), \
         (SELECT max(position) FROM eventsource_events WHERE position <= ?1), (SELECT event_id FROM eventsource_events \
             WHERE position = (SELECT max(position) FROM eventsource_events WHERE position <= ?1))"
    };
}
pub(super) use marks;

pub(in crate::backend::sqlite::store) const MARKS: &str = concat!("SELECT ", marks!());
pub(in crate::backend::sqlite::store) const LAST_EVENT: &str =
    "SELECT position, event_id FROM eventsource_events WHERE position <= ?1 ORDER BY position DESC LIMIT 1";
/// The event with the id `?1`.
pub(in crate::backend::sqlite::store) const BY_ID: &str =
    concat!("SELECT ", columns!(), " FROM eventsource_events WHERE event_id = ?1");
/// At most `?3` streams of the type `?1` after the id `?2`, with their versions.
///
/// For each stream, the index is searched once for the id and once for the version, for any length of the stream. An id
/// that does not have 16 bytes is left out.
pub(in crate::backend::sqlite::store) const STREAMS: &str = "WITH RECURSIVE streams (id) AS ( \
         SELECT (SELECT min(aggregate_id) FROM eventsource_events WHERE aggregate_type = ?1 AND aggregate_id > ?2) \
         UNION ALL \
         SELECT (SELECT min(next.aggregate_id) FROM eventsource_events AS next \
             WHERE next.aggregate_type = ?1 AND next.aggregate_id > streams.id) \
         FROM streams WHERE streams.id IS NOT NULL \
     ) SELECT id, (SELECT max(own.version) FROM eventsource_events AS own \
             WHERE own.aggregate_type = ?1 AND own.aggregate_id = streams.id) \
     FROM streams WHERE length(id) = 16 LIMIT ?3";

/// The events at the positions in the JSON array `?1`.
pub(in crate::backend::sqlite::store) const AT_POSITIONS: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM eventsource_events WHERE position IN (SELECT value FROM json_each(?1)) ORDER BY position"
);

/// For each position in the JSON array `?1`: the head, and the earliest time of storage of the first `?2` events after
/// the position.
pub(in crate::backend::sqlite::store) const BACKLOGS: &str = "SELECT (SELECT max(position) FROM eventsource_events), \
         (SELECT min(first.recorded_at) FROM (SELECT recorded_at FROM eventsource_events \
             WHERE position > wanted.value ORDER BY position LIMIT ?2) AS first) \
     FROM json_each(?1) AS wanted ORDER BY wanted.key";

/// Finds the names of the event types, in their order, by one search of the index for each. `$from` selects the first
/// one.
macro_rules! types {
    ($from:literal) => {
        concat!(
            "WITH RECURSIVE types (event_type) AS ( \
                 SELECT (SELECT min(event_type) FROM eventsource_events INDEXED BY eventsource_events_by_event_type",
            $from,
            ") \
                 UNION ALL \
                 SELECT (SELECT min(next.event_type) FROM eventsource_events AS next \
                     INDEXED BY eventsource_events_by_event_type WHERE next.event_type > types.event_type) \
                 FROM types WHERE types.event_type IS NOT NULL \
             )"
        )
    };
}
pub(super) use types;

/// At most `?4` event types in `(?2, ?3]` that are not in the JSON array `?1`, ordered by first occurrence.
///
/// For each type, the index is searched once for the name and once for the first position, for any length of the log.
pub(in crate::backend::sqlite::store) const TYPES_EXCEPT: &str = concat!(
    types!(""),
    ", found AS MATERIALIZED ( \
         SELECT event_type, (SELECT min(own.position) FROM eventsource_events AS own \
             INDEXED BY eventsource_events_by_event_type \
             WHERE own.event_type = types.event_type AND own.position > ?2 AND own.position <= ?3) AS first \
         FROM types WHERE event_type NOT IN (SELECT value FROM json_each(?1)) \
     ) SELECT event_type, first FROM found WHERE first IS NOT NULL ORDER BY first LIMIT ?4"
);

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

pub(in crate::backend::sqlite::store) const fn read_stream(direction: Direction) -> &'static str {
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
