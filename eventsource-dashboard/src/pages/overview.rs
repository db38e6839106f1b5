//! All subscriptions.

use axum::extract::State;
use axum::response::Response;
use eventsource::admin::{Overview, SubscriptionView};
use eventsource::projection::operations::Pause;
use eventsource::text::{bounded, counted};
use maud::{Markup, html};
use serde::Serialize;

use super::{chart, owner, state};
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::live::{History, Part};
use crate::text::{line, time};

pub(super) async fn page(State(shared): State<Shared>, page: Page) -> Response {
    match shared.sampler.now().await {
        Ok(sample) => {
            let page = Page { trouble: sample.trouble(), ..page.live("of=overview") };
            let history = shared.sampler.history();
            let view = Dated {
                overview: &sample.overview,
                appended_a_minute: history.appended_a_minute(),
                trouble: sample.trouble.as_deref(),
            };
            page.answer("", "Subscriptions", view, || all(&page, history, &sample.overview))
        }
        Err(missed) => page.missed(&missed),
    }
}

/// An overview, and why it is old, if it is.
#[derive(Debug, Serialize)]
pub(super) struct Dated<'a> {
    #[serde(flatten)]
    pub(super) overview: &'a Overview,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) appended_a_minute: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trouble: Option<&'a str>,
}

/// Returns the parts that change while the page is open.
pub(crate) fn parts(page: &Page, shared: &Shared, overview: &Overview) -> Vec<Part> {
    let history = shared.sampler.history();
    let names: Vec<_> = overview.subscriptions.iter().map(|view| &*view.name).collect();
    let cells = (0..).zip(&overview.subscriptions).flat_map(|(row, view)| {
        cells(history, view).into_iter().map(move |cell| (format!("r{row}-{}", cell.id), cell.content))
    });
    vec![
        Part::new("head", head(history, overview)),
        Part::new("needs", all_needs(page, history, overview)),
        Part::new("caption", caption(overview)),
        Part::table("rows", names.join("\n"), rows(page, history, overview), cells.collect()),
    ]
}

fn all(page: &Page, history: &History, overview: &Overview) -> Markup {
    html! {
        p.soft #head { (head(history, overview)) }
        div #needs { (all_needs(page, history, overview)) }
        table {
            caption #caption { (caption(overview)) }
            thead { tr {
                th scope="col" { "Name" } th scope="col" { "State" }
                th.number scope="col" { "Events behind" } th.number scope="col" { "Seconds behind" }
                th scope="col" { "Behind in the last hour" }
                th.number scope="col" { "Events a second" } th.number scope="col" { "Dead letters" }
                th scope="col" { "Owner" }
            } }
            tbody #rows { (rows(page, history, overview)) }
        }
        @if overview.subscriptions.is_empty() { p { "No subscription has run on this database yet." } }
    }
}

fn head(history: &History, overview: &Overview) -> Markup {
    html! {
        "The log ends at position " (overview.head.to_string()) "."
        @if let Some(appended) = history.appended_a_minute() { " Appended in a minute: about " (counted(appended, "event")) "." }
        @if let Some(stalled) = &overview.stalled_by { " " span.bad { (line(stalled)) } }
    }
}

fn caption(overview: &Overview) -> Markup {
    html! { (counted(overview.subscriptions.len() as u64, "subscription")) ", at " (time(overview.at)) }
}

fn all_needs(page: &Page, history: &History, overview: &Overview) -> Markup {
    html! {
        @for (view, need) in overview.subscriptions.iter().filter_map(|view| Some((view, needs(history, view)?))) {
            p.notice { a href=(page.to_subscription(&view.name)) { (line(&view.name)) } " " (line(&need)) }
        }
    }
}

/// Returns what waits behind the dead letters.
fn held(view: &SubscriptionView) -> String {
    match view.held {
        0 => String::new(),
        held => format!(", and {} held back", counted(held, "event")),
    }
}

/// Returns why a subscription needs an operator, if it does.
fn needs(history: &History, view: &SubscriptionView) -> Option<String> {
    let reason = view.reason.as_deref().or(view.failure.as_deref()).unwrap_or_default();
    match &*view.state {
        "faulted" | "refused" | "outdated" | "fenced again" => Some(format!("is {}: {reason}", view.state)),
        "not running" | "stopped" => Some("runs in no process".to_owned()),
        _ if view.pause.is_some() => view.pause.as_ref().map(paused),
        _ if view.hold.is_some() => {
            Some("has new tables that are held: switch to them, or cancel the rebuild".to_owned())
        }
        _ if view.letters > 0 => Some(format!("has {}{}", counted(view.letters, "dead letter"), held(view))),
        "live" | "catching up" | "rebuilding" | "retrying letters" | "running" => {
            let since = history.stuck_since(&view.name)?;
            let behind = counted(view.behind, "event");
            let since = eventsource::text::time(since);
            Some(format!("has made no progress since {since}: it is at position {}, {behind} behind", view.position))
        }
        _ => None,
    }
}

fn paused(pause: &Pause) -> String {
    let since = eventsource::text::time(pause.at);
    let why = if pause.reason.is_empty() { String::new() } else { format!(": {}", pause.reason) };
    format!("is paused by {} since {since}{why}", pause.by)
}

fn rows(page: &Page, history: &History, overview: &Overview) -> Markup {
    html! {
        @for (row, view) in (0..).zip(&overview.subscriptions) { tr {
            td data-name="Name" { a href=(page.to_subscription(&view.name)) { (line(&view.name)) } }
            @for cell in cells(history, view) {
                td.number[cell.is_number] data-name=(cell.name) { span id={ "r" (row) "-" (cell.id) } { (cell.content) } }
            }
        } }
    }
}

/// A cell that changes.
struct Cell {
    id: &'static str,
    name: &'static str,
    is_number: bool,
    content: Markup,
}

fn cells(history: &History, view: &SubscriptionView) -> [Cell; 7] {
    let number = |id, name, text: String| Cell { id, name, is_number: true, content: html! { (text) } };
    [
        Cell { id: "state", name: "State", is_number: false, content: state(&view.state) },
        number("behind", "Events behind", bounded(view.behind)),
        number("seconds", "Seconds behind", format!("{:.1}", view.behind_seconds)),
        Cell {
            id: "trend",
            name: "Behind in the last hour",
            is_number: false,
            content: chart::small(&history.of(&view.name)),
        },
        number("rate", "Events a second", format!("{:.1}", view.rate)),
        number("letters", "Dead letters", bounded(view.letters)),
        Cell { id: "owner", name: "Owner", is_number: false, content: owner(view) },
    ]
}
