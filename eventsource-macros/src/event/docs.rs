//! Generates the documentation of an event.

use super::model::Event;

/// Generates the documentation of the event's trait: its stored name, version and aggregate.
pub(super) fn of(event: &Event) -> String {
    let Event { name, version, aggregate, aliases, older, .. } = event;
    let mut text = format!("Stored as `{name}`, version {version}, by the aggregate `{aggregate}`.");
    if !older.is_empty() {
        text += " Events of older versions are converted when they are read.";
    }
    if !aliases.is_empty() {
        let aliases: Vec<_> = aliases.iter().map(|alias| format!("`{alias}`")).collect();
        text += &format!(" It was stored as {} before.", aliases.join(", "));
    }
    text
}
