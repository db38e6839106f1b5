//! The difference of two fingerprints, spelled out.

use std::collections::BTreeSet;

use serde::Serialize;

/// How a projection has changed since its checkpoint was stored: what its [fingerprint](crate::projection::fingerprint())
/// says. A change of a handler's code without a change of the fingerprint is not seen.
///
/// ```
/// use eventsource::subscription::plan::FingerprintChange;
///
/// let stored = "orders v1: OrderPlaced, OrderPaid; orders (id Uuid, note Text?)";
/// let current = "orders v2: OrderPlaced, OrderShipped; orders (id Uuid, total I64)";
/// let change = FingerprintChange::between("orders", stored, current);
/// assert_eq!((&*change.events_added, &*change.events_removed), (&["OrderShipped".to_owned()][..], &["OrderPaid".to_owned()][..]));
/// assert_eq!(change.columns_added, ["orders.total I64"]);
/// assert_eq!(change.columns_removed, ["orders.note Text?"]);
/// assert_eq!(change.other, ["version 1 is version 2"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FingerprintChange {
    /// The fingerprint in the checkpoint.
    pub stored: String,
    /// The fingerprint of the program.
    pub current: String,
    /// The events that the program handles in addition.
    pub events_added: Vec<String>,
    /// The events that the program does not handle any more.
    pub events_removed: Vec<String>,
    /// The columns that the program has in addition, such as `orders.note Text?`. A question mark says that the column
    /// may be null. A column whose type has changed is added and removed.
    pub columns_added: Vec<String>,
    /// The columns that the program does not have any more.
    pub columns_removed: Vec<String>,
    /// Other changes: of the name, the version, the aggregates or the tenant.
    pub other: Vec<String>,
}

impl FingerprintChange {
    /// Compares the fingerprint in a checkpoint with the one of the projection `name` as it is. If
    /// [`fingerprint`](crate::projection::fingerprint()) did not make one of the two, only both texts are given.
    #[must_use]
    pub fn between(name: &str, stored: &str, current: &str) -> Self {
        let mut change = Self {
            stored: stored.to_owned(),
            current: current.to_owned(),
            events_added: Vec::new(),
            events_removed: Vec::new(),
            columns_added: Vec::new(),
            columns_removed: Vec::new(),
            other: Vec::new(),
        };
        let (Some(before), Some(now)) = (Parts::of(name, stored), Parts::of(name, current)) else { return change };
        change.events_added = without(&now.events, &before.events);
        change.events_removed = without(&before.events, &now.events);
        change.columns_added = without(&now.columns, &before.columns);
        change.columns_removed = without(&before.columns, &now.columns);
        let others = [
            ("the name", before.name, now.name),
            ("version", before.version, now.version),
            ("the aggregates", before.aggregates.unwrap_or("of every type"), now.aggregates.unwrap_or("of every type")),
            ("the tenant", before.tenant.unwrap_or("of every event"), now.tenant.unwrap_or("of every event")),
        ];
        let others = others.into_iter().filter(|(_, before, now)| before != now);
        change.other = others.map(|(what, before, now)| format!("{what} {before} is {what} {now}")).collect();
        change
    }
}

fn without(all: &BTreeSet<String>, others: &BTreeSet<String>) -> Vec<String> {
    all.difference(others).cloned().collect()
}

/// The parts of a fingerprint, such as `orders v1: OrderPlaced of Order; tenant "acme"; orders (id Uuid, note Text?)`.
struct Parts<'t> {
    name: &'t str,
    version: &'t str,
    events: BTreeSet<String>,
    aggregates: Option<&'t str>,
    tenant: Option<&'t str>,
    columns: BTreeSet<String>,
}

impl<'t> Parts<'t> {
    fn of(name: &str, text: &'t str) -> Option<Self> {
        let (name, version, rest) = head(name, text)?;
        let mut sections = sections(rest).into_iter();
        let events = sections.next()?;
        let (events, aggregates) = match events.split_once(" of ") {
            Some((events, aggregates)) => (events, Some(aggregates)),
            None => (events, None),
        };
        let (mut tenant, mut columns) = (None, BTreeSet::new());
        for section in sections {
            if let Some(quoted) = section.strip_prefix("tenant ") {
                tenant = Some(quoted);
            } else if let Some((table, list)) = section.strip_suffix(')').and_then(|table| table.split_once(" (")) {
                columns.extend(list.split(", ").map(|column| format!("{table}.{column}")));
            }
        }
        let events = events.split(", ").map(ToOwned::to_owned).collect();
        Some(Self { name, version, events, aggregates, tenant, columns })
    }
}

/// Returns the name, the version, and the text after them.
fn head<'t>(name: &str, text: &'t str) -> Option<(&'t str, &'t str, &'t str)> {
    let at = |at: usize| {
        let (version, rest) = text.get(at..)?.strip_prefix(" v")?.split_once(": ")?;
        let is_number = !version.is_empty() && version.bytes().all(|digit| digit.is_ascii_digit());
        is_number.then(|| (&text[..at], version, rest))
    };
    let own = text.starts_with(name).then_some(name.len()).and_then(at);
    own.or_else(|| text.match_indices(" v").find_map(|(found, _)| at(found)))
}

/// Splits a text at each `; ` outside of quotes.
fn sections(text: &str) -> Vec<&str> {
    let (mut sections, mut from, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ';' if !is_quoted && text[at..].starts_with("; ") => {
                sections.push(&text[from..at]);
                from = at + 2;
            }
            _ => {}
        }
    }
    sections.push(&text[from..]);
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_that_differs_is_named() {
        let stored = "count v1: A, B of Order; tenant \"a; b\\\"c\"; a (id Uuid); z (id Uuid, n I64)";
        let change = FingerprintChange::between("count", stored, "count v3: B, C; z (id Uuid, n I64?)");
        assert_eq!((&*change.events_added, &*change.events_removed), (&["C".to_owned()][..], &["A".to_owned()][..]));
        assert_eq!(change.columns_added, ["z.n I64?"]);
        assert_eq!(change.columns_removed, ["a.id Uuid", "z.n I64"]);
        assert_eq!(
            change.other,
            [
                "version 1 is version 3",
                "the aggregates Order is the aggregates of every type",
                "the tenant \"a; b\\\"c\" is the tenant of every event"
            ]
        );
    }

    #[test]
    fn text_that_is_no_fingerprint_has_no_parts() {
        for stored in ["", "count", "count v: A", "count v1"] {
            let change = FingerprintChange::between("count", stored, "count v1: A");
            assert!(change.events_added.is_empty() && change.other.is_empty(), "{stored}");
        }
    }

    #[test]
    fn renamed_projection_has_another_name() {
        let change = FingerprintChange::between("new", "old v1: A", "new v1: A");
        assert_eq!(change.other, ["the name old is the name new"]);
    }
}
