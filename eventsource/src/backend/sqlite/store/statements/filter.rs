//! The SQL of pages of the log, which are read through a filter.

use std::fmt::Write as _;

use super::read::marks;
use super::size;
use crate::store::{Direction, EventFilter};

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
     octet_length(event_type), coalesce(octet_length(metadata), -1), octet_length(payload), coalesce(slice, '-'), \
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
pub(in crate::backend::sqlite::store) fn read_packed(filter: &EventFilter) -> String {
    let log = select_log(&format!("position, {RECORD} AS record"), filter, Direction::Forward);
    format!(concat!("SELECT CAST(group_concat(record, '') AS BLOB), ", marks!(), " FROM ({})"), log)
}

/// Reads the positions and sizes of the events of a page. The parameters are those of [`read_packed`].
pub(in crate::backend::sqlite::store) fn read_sizes(filter: &EventFilter) -> String {
    select_log(SIZE, filter, Direction::Forward)
}

/// Reads the positions and sizes of the events of a page, the last event first.
pub(in crate::backend::sqlite::store) fn read_sizes_back(filter: &EventFilter) -> String {
    select_log(SIZE, filter, Direction::Backward)
}

const SIZE: &str = concat!("position, ", size!());

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
pub(in crate::backend::sqlite::store) fn filter_values(filter: &EventFilter) -> Vec<String> {
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
