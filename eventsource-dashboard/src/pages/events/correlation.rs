//! The events of one correlation, as a tree: each event below the one that caused it.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use eventsource::Position;
use eventsource::admin::{CorrelatedView, EventView};
use eventsource::text::counted;
use maud::{Markup, html};
use uuid::Uuid;

use super::{AT, for_json};
use crate::address::{Path, Query};
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::pages::After;
use crate::text::line;

/// The number of events of a page.
const EVENTS: usize = 200;

/// The number of colours of streams. Each is named too.
const COLORS: usize = 6;

pub(in crate::pages) async fn page(
    State(shared): State<Shared>,
    Path(id): Path<Uuid>,
    Query(After { after }): Query<After>,
    page: Page,
) -> Response {
    let after = Position::new(after.unwrap_or(0));
    match shared.admin.correlated(id, after, EVENTS).await {
        Ok(mut found) => {
            if page.wants_json {
                found.events = found.events.into_iter().map(|event| for_json(shared.payloads, event)).collect();
            }
            page.answer(AT, &format!("Correlation {id}"), &found, || whole(&page, id, &found))
        }
        Err(error) => page.failed(&error),
    }
}

fn whole(page: &Page, id: Uuid, found: &CorrelatedView) -> Markup {
    let tree = Tree::of(&found.events);
    html! {
        @if let Some(to) = found.unsearched_to {
            p.notice { "The log has no index on correlation ids: events up to position " (to.value()) " were not searched." }
        }
        @if found.events.is_empty() { p { "No event with this correlation is found." } }
        p.soft { (counted(found.events.len() as u64, "event")) " in " (counted(tree.streams.len() as u64, "stream")) ". Each event is below the one that caused it, with the time between them." }
        ul.tree { @for root in &tree.roots { (node(page, &tree, *root, None)) } }
        @if found.more && let Some(last) = found.events.last() {
            p { a href={ (page.to_correlation(id)) "?after=" (last.position.value()) } { "Later events" } }
        }
    }
}

/// Events, each below its cause.
struct Tree<'a> {
    events: &'a [EventView],
    roots: Vec<usize>,
    /// The events that each event caused.
    caused: Vec<Vec<usize>>,
    /// The number of each stream, by its first event.
    streams: HashMap<String, usize>,
}

impl<'a> Tree<'a> {
    fn of(events: &'a [EventView]) -> Self {
        let places: HashMap<Uuid, usize> = events.iter().enumerate().map(|(at, event)| (event.id, at)).collect();
        let mut tree =
            Self { events, roots: Vec::new(), caused: vec![Vec::new(); events.len()], streams: HashMap::new() };
        for (at, event) in events.iter().enumerate() {
            let number = tree.streams.len();
            tree.streams.entry(event.stream.to_string()).or_insert(number);
            // A cause is stored before. What claims another cause is a root, so that there is no cycle.
            let cause = event.causation_id.and_then(|id| places.get(&id)).filter(|cause| **cause < at);
            match cause.and_then(|cause| tree.caused.get_mut(*cause)) {
                Some(caused) => caused.push(at),
                None => tree.roots.push(at),
            }
        }
        tree
    }
}

fn node(page: &Page, tree: &Tree<'_>, at: usize, cause: Option<&EventView>) -> Markup {
    let Some(event) = tree.events.get(at) else { return html! {} };
    let stream = event.stream.to_string();
    let number = tree.streams.get(&stream).copied().unwrap_or_default();
    let class = format!("s{}", number % COLORS);
    html! {
        li class=(class) {
            a href=(page.to_event(event.id)) { (line(&event.event_type)) }
            " in " a href=(page.to_stream(&event.stream)) { (line(&stream)) }
            ", position " (event.position.value())
            @if let Some(cause) = cause { ", " (between(event.occurred_at - cause.occurred_at)) }
            @if let Some(caused) = tree.caused.get(at).filter(|caused| !caused.is_empty()) {
                ul { @for next in caused { (node(page, tree, *next, Some(event))) } }
            }
        }
    }
}

/// Returns the time between two events in words.
fn between(time: TimeDelta) -> String {
    let millis = time.num_milliseconds();
    let sign = if millis < 0 { "earlier" } else { "later" };
    match millis.unsigned_abs() {
        millis if millis < 1_000 => format!("{millis} ms {sign}"),
        millis if millis < 120_000 => format!("{}.{} s {sign}", millis / 1_000, millis % 1_000 / 100),
        millis if millis < 7_200_000 => format!("{} min {sign}", millis / 60_000),
        millis => format!("{} h {sign}", millis / 3_600_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_a_unit_that_fits() {
        let texts = [-3, 12, 1_250, 130_000, 8_000_000].map(|millis| between(TimeDelta::milliseconds(millis)));
        assert_eq!(texts, ["3 ms earlier", "12 ms later", "1.2 s later", "2 min later", "2 h later"]);
    }
}
