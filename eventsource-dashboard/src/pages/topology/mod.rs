//! The parts of a program: its aggregates, events, projections and read models, as a drawing and as tables.

mod graph;

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use eventsource::admin::SubscriptionView;
use eventsource::catalogue::{Part, TopologyGraph};
use eventsource::text::{bounded, counted};
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;

pub(crate) use self::graph::Graph;
use super::{query, state};
use crate::address::Query;
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::text::line;

/// The place of the navigation.
pub(crate) const AT: &str = "/topology";

/// A drawing with more nodes cannot be read.
const MOST: usize = 200;

/// Which part is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// The name of a node: only what leads to it and what it leads to.
    around: String,
}

pub(super) async fn page(State(shared): State<Shared>, Query(wanted): Query<Wanted>, page: Page) -> Response {
    let Some(whole) = &shared.topology else {
        return page.problem(StatusCode::NOT_FOUND, "the program has named no topology: see `Dashboard::topology`");
    };
    let graph = match wanted.around.trim() {
        "" => whole.nodes.clone(),
        name => whole.nodes.around(name),
    };
    let subscriptions = match shared.sampler.now().await {
        Ok(sample) => sample.overview.subscriptions.clone(),
        Err(_) => Vec::new(),
    };
    let subscriptions: BTreeMap<_, _> = subscriptions.iter().map(|view| (&*view.name, view)).collect();
    page.answer(AT, "Topology", &whole.json, || shown(&page, &wanted, &graph, &subscriptions))
}

fn shown(
    page: &Page,
    wanted: &Wanted,
    graph: &TopologyGraph,
    subscriptions: &BTreeMap<&str, &SubscriptionView>,
) -> Markup {
    html! {
        @match wanted.around.trim() {
            "" => p { "The events of this program, the aggregates that record them, the projections that handle them, and the read models that these write." },
            name => p { "Only what leads to " strong { (line(name)) } " and what it leads to. " a href={ (page.root) (AT) } { "Show everything" } },
        }
        @match graph.len() {
            0 => p { "There is nothing." },
            1..=MOST => (PreEscaped(graph.svg())),
            number => p.notice { (number) " nodes are too many for a drawing: choose an event or a projection below." },
        }
        (projections(page, graph, subscriptions))
        (events(page, graph))
    }
}

fn around(page: &Page, name: &str) -> Markup {
    html! { a href={ (page.root) (AT) (query([("around", name)])) } { (line(name)) } }
}

fn projections(page: &Page, graph: &TopologyGraph, subscriptions: &BTreeMap<&str, &SubscriptionView>) -> Markup {
    html! {
        table {
            caption { (counted(graph.nodes(Part::Projection).len() as u64, "projection")) }
            thead { tr {
                th scope="col" { "Projection" } th scope="col" { "Handles" } th scope="col" { "Writes" }
                th scope="col" { "State" } th.number scope="col" { "Events behind" }
            } }
            tbody {
                @for (at, node) in graph.nodes(Part::Projection).iter().enumerate() { tr {
                    td data-name="Projection" { (around(page, &node.name)) @if !node.note.is_empty() { ", " (line(&node.note)) } }
                    td data-name="Handles" { (line(&graph.before(Part::Projection, at).join(", "))) }
                    td data-name="Writes" { (line(&graph.after(Part::Projection, at).join(", "))) }
                    @match subscriptions.get(&*node.name) {
                        Some(view) => {
                            td data-name="State" { a href=(page.to_subscription(&view.name)) { (state(&view.state)) } }
                            td.number data-name="Events behind" { (bounded(view.behind)) }
                        }
                        None => {
                            td data-name="State" { "no subscription has its name" }
                            td.number data-name="Events behind" { "" }
                        }
                    }
                } }
            }
        }
    }
}

fn events(page: &Page, graph: &TopologyGraph) -> Markup {
    html! {
        table {
            caption { (counted(graph.nodes(Part::Event).len() as u64, "event")) }
            thead { tr { th scope="col" { "Event" } th scope="col" { "Aggregate" } th scope="col" { "Handled by" } } }
            tbody {
                @for (at, node) in graph.nodes(Part::Event).iter().enumerate() { tr {
                    td data-name="Event" { (around(page, &node.name)) @if !node.note.is_empty() { ", " (line(&node.note)) } }
                    td data-name="Aggregate" { (line(&graph.before(Part::Event, at).join(", "))) }
                    td data-name="Handled by" {
                        @let handlers = graph.after(Part::Event, at);
                        @if handlers.is_empty() { span.wait { "no projection" } } @else { (line(&handlers.join(", "))) }
                    }
                } }
            }
        }
    }
}
