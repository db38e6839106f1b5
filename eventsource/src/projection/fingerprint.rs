//! The fingerprint of a projection, by which a change is noticed.

use super::{Subscriber, Table};
use crate::event::EventFilter;

/// Returns the fingerprint of a projection, as readable text: its name, its version, the events that it handles (their
/// types, the types of their aggregates, their tenant), and its declared read models with their columns. A checkpoint
/// stores it, so that a changed projection is noticed ([guarantee](crate::guarantees#changes-are-noticed)).
///
/// If the subscription has a [tenant](crate::SubscriptionConfig::tenant), the tenant is part of the fingerprint as
/// well.
///
/// ```
/// # use std::borrow::Cow;
/// # use eventsource::EventFilter;
/// use eventsource::projection::{ProjectionKind, Subscriber, fingerprint};
///
/// struct Count;
///
/// impl Subscriber for Count {
///     const KIND: ProjectionKind = ProjectionKind::Memory;
///     fn name(&self) -> Cow<'static, str> { "count".into() }
///     fn subscribed_to(&self) -> EventFilter { EventFilter::types(["OrderPlaced", "OrderShipped"]) }
/// }
/// assert_eq!(fingerprint(&Count), "count v1: OrderPlaced, OrderShipped");
/// ```
#[must_use]
pub fn fingerprint<S: Subscriber>(subscriber: &S) -> String {
    fingerprint_of(subscriber, &subscriber.subscribed_to())
}

/// Returns the fingerprint of a subscriber that is handed the events of `filter`.
pub(crate) fn fingerprint_of<S: Subscriber>(subscriber: &S, filter: &EventFilter) -> String {
    let events = events(filter);
    let mut tables = subscriber.read_models();
    tables.sort_unstable_by_key(|table| table.name);
    let tables: String = tables.into_iter().map(|table| format!("; {}", described(table))).collect();
    format!("{} v{}: {events}{tables}", subscriber.name(), subscriber.version())
}

/// Describes a filter, such as `OrderPlaced, OrderShipped of Order; tenant "acme"`.
fn events(filter: &EventFilter) -> String {
    let mut events = match filter.event_types() {
        Some(names) => names.collect::<Vec<_>>().join(", "),
        None => "every event".to_owned(),
    };
    if let Some(types) = filter.aggregate_types() {
        events.push_str(" of ");
        events.push_str(&types.collect::<Vec<_>>().join(", "));
    }
    if let Some(tenant) = filter.get_tenant() {
        events.push_str(&format!("; tenant {tenant:?}"));
    }
    events
}

/// Describes a table, such as `orders (id Uuid, note Text?)`. Indexes are left out: they do not change what is written.
fn described(table: &Table) -> String {
    let column = |column: &super::ColumnDef| {
        format!("{} {:?}{}", column.name, column.kind, if column.nullable { "?" } else { "" })
    };
    format!("{} ({})", table.name, table.columns.iter().map(column).collect::<Vec<_>>().join(", "))
}

/// Returns the version of the projection `name` in a stored fingerprint, also if the projection was renamed since;
/// `None` if [`fingerprint`] did not make it.
pub(crate) fn stored_version(fingerprint: &str, name: &str) -> Option<u32> {
    let own = fingerprint.strip_prefix(name).and_then(version_at);
    own.or_else(|| fingerprint.match_indices(" v").find_map(|(at, _)| version_at(&fingerprint[at..])))
}

/// Returns the version at the beginning of `rest`, such as ` v2: OrderPlaced`.
fn version_at(rest: &str) -> Option<u32> {
    let (version, _) = rest.strip_prefix(" v")?.split_once(": ")?;
    version.bytes().all(|digit| digit.is_ascii_digit()).then(|| version.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprint_names_every_part_of_the_filter() {
        let types = || EventFilter::types(["Placed", "Shipped"]);
        for (filter, text) in [
            (EventFilter::all(), "every event"),
            (types(), "Placed, Shipped"),
            (types().aggregates(["Order"]), "Placed, Shipped of Order"),
            (types().tenant("acme"), "Placed, Shipped; tenant \"acme\""),
            (EventFilter::all().aggregates(["B", "A"]).tenant("a\"b"), "every event of A, B; tenant \"a\\\"b\""),
        ] {
            assert_eq!(events(&filter), text);
        }
    }

    #[test]
    fn stored_version_is_read_as_a_number_for_every_name() {
        for (fingerprint, name, version) in [
            ("count v1: OrderPlaced, OrderShipped", "count", Some(1)),
            ("count v10: every event; rows (id Uuid)", "count", Some(10)),
            ("renamed since v7: A", "count", Some(7)),
            ("count v2: A; tenant \"acme v3: B\"", "count", Some(2)),
            ("odd v3: name v4: A", "odd v3: name", Some(4)),
            ("count v4294967295: A", "count", Some(u32::MAX)),
            ("count v4294967296: A", "count", None),
            ("count v+1: A", "count", None),
            ("count v: A", "count", None),
            ("count v1", "count", None),
            ("v1", "count", None),
            ("", "", None),
        ] {
            assert_eq!(stored_version(fingerprint, name), version, "{fingerprint}");
        }
    }
}
