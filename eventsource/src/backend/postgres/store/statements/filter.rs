//! The SQL of pages of the log, which are read through a filter.

use std::fmt::Write as _;

use super::columns;
use crate::store::EventFilter;

/// With more names than this, the log is read in order, and each row is compared with the names.
const MOST_ARMS: usize = 100;

/// For the connections that read the log: rows are never sorted, and scans use the primary key, with one generic plan.
///
/// With outdated statistics, the planner would sometimes read and sort the whole rest of the log.
pub(in crate::backend::postgres::store) const PLAN_PAGES: &str = "SET enable_sort = off; SET enable_bitmapscan = off; SET enable_seqscan = off; \
     SET jit = off; SET plan_cache_mode = force_generic_plan";

/// As [`PLAN_PAGES`] for a transaction that reads a page, but with a plan for the names of the filter.
pub(in crate::backend::postgres::store) const PLAN_A_PAGE: &str = "SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off; \
     SET LOCAL enable_seqscan = off; SET LOCAL jit = off; SET LOCAL plan_cache_mode = force_custom_plan";

/// Reads at most `$3` rows in `($1, $2]` that match `filter`, in position order. `$4` are the event types, `$5` the
/// aggregate types, and `$7` is the tenant.
///
/// For each name, one arm of a `UNION ALL` reads a part of an index, in position order. PostgreSQL merges the arms and
/// stops at the limit, so the cost depends on the page only, and nothing is sorted.
pub(in crate::backend::postgres::store) fn read_log(filter: &EventFilter) -> String {
    read(filter, MOST_ARMS, "")
}

/// As [`read_log`], the last event first.
pub(in crate::backend::postgres::store) fn read_log_back(filter: &EventFilter) -> String {
    read(filter, MOST_ARMS, " DESC")
}

/// As [`read_log`] without arms, for a scan of a few positions. The first row has the position and the id of the last
/// event at or before `$1`, and nulls in the other columns.
pub(in crate::backend::postgres::store) fn read_nearby(filter: &EventFilter) -> String {
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
