//! By what a changed projection is noticed.

use super::{Subscriber, Table};

/// By what a changed projection is noticed (law 8), readable: its name, its version, the events that it handles, and the
/// read models that it declares, with their columns.
///
/// ```
/// # use std::borrow::Cow;
/// # use eventsource::EventFilter;
/// use eventsource::projection::{Kind, Subscriber, fingerprint};
///
/// struct Count;
///
/// impl Subscriber for Count {
///     const KIND: Kind = Kind::Memory;
///     fn name(&self) -> Cow<'static, str> { "count".into() }
///     fn subscribed_to(&self) -> EventFilter { EventFilter::types(["OrderPlaced", "OrderShipped"]) }
/// }
/// assert_eq!(fingerprint(&Count), "count v1: OrderPlaced, OrderShipped");
/// ```
#[must_use]
pub fn fingerprint<S: Subscriber>(subscriber: &S) -> String {
    let events = match subscriber.subscribed_to().event_types() {
        Some(names) => names.collect::<Vec<_>>().join(", "),
        None => "every event".to_owned(),
    };
    let mut tables = subscriber.read_models();
    tables.sort_unstable_by_key(|table| table.name);
    let tables: String = tables.into_iter().map(|table| format!("; {}", described(table))).collect();
    format!("{} v{}: {events}{tables}", subscriber.name(), subscriber.version())
}

/// Such as `orders (id Uuid, note Text?)`. An index changes nothing that is written.
fn described(table: &Table) -> String {
    let column = |column: &super::ColumnDef| {
        format!("{} {:?}{}", column.name, column.kind, if column.nullable { "?" } else { "" })
    };
    format!("{} ({})", table.name, table.columns.iter().map(column).collect::<Vec<_>>().join(", "))
}
