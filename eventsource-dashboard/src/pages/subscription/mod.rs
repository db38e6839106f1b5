//! One subscription.

mod changes;
mod lately;
mod processes;

use axum::extract::State;
use axum::response::Response;
use chrono::Utc;
use eventsource::admin::SubscriptionView;
use eventsource::text::{bounded, counted, exactly};
use maud::{Markup, html};
use serde::Serialize;

use self::lately::Lately;
use super::{chart, owner, part, state};
use crate::address::Path;
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::live::{History, Moment, Part};
use crate::text::{line, time, visible};

pub(super) async fn one(State(shared): State<Shared>, Path(name): Path<String>, page: Page) -> Response {
    match shared.sampler.one(&name).await {
        Ok((view, trouble)) => {
            let lately = Lately::of(&shared, &view, trouble.is_some()).await;
            let page = Page { trouble, ..page.live(&format!("of=subscription&name={}", part(&name))) };
            let history = shared.sampler.history();
            let moments = history.of(&view.name);
            let whole_view = Dated { view: &view, history: &moments, lately: &lately };
            page.answer("", &view.name, whole_view, || whole(&page, history, &view, &moments, &lately))
        }
        Err(missed) => page.missed(&missed),
    }
}

/// A subscription, its last hour, and its first letters and last requests.
#[derive(Serialize)]
struct Dated<'a> {
    #[serde(flatten)]
    view: &'a SubscriptionView,
    history: &'a [Moment],
    #[serde(flatten)]
    lately: &'a Lately,
}

/// Returns the parts that change while the page is open.
pub(crate) async fn parts(page: &Page, shared: &Shared, view: &SubscriptionView, is_old: bool) -> Vec<Part> {
    let (history, lately) = (shared.sampler.history(), Lately::of(shared, view, is_old).await);
    let mut parts = vec![
        Part::new("state", now(view)),
        Part::new("facts", facts(page, history, view)),
        Part::new("actions", changes::forms(page, view)),
        Part::new("processes", processes::current(view, Utc::now())),
        Part::new("ended", processes::ended(view, Utc::now())),
        Part::new("chart", chart::large(&history.of(&view.name))),
    ];
    parts.extend(lately.parts(page, view));
    parts
}

fn whole(page: &Page, history: &History, view: &SubscriptionView, moments: &[Moment], lately: &Lately) -> Markup {
    html! {
        div #state { (now(view)) }
        dl #facts { (facts(page, history, view)) }
        div #actions { (changes::forms(page, view)) }
        h2 { "Last hour" }
        div #chart { (chart::large(moments)) }
        (lately.whole(page, view))
        h2 { "Processes" }
        table {
            caption { "What each process reports" }
            thead { tr { th scope="col" { "Process" } th scope="col" { "State" } th scope="col" { "Reported" } } }
            tbody #processes { (processes::current(view, Utc::now())) }
        }
        div #ended { (processes::ended(view, Utc::now())) }
    }
}

fn now(view: &SubscriptionView) -> Markup {
    html! {
        p { (state(&view.state)) @if let Some(reason) = &view.reason { ": " (line(reason)) } }
        @if let Some(failure) = &view.failure { p.notice { "Last failure: " (line(failure)) } }
        @if let Some(pause) = &view.pause {
            p.notice { "Paused by " (line(&pause.by)) " at " (time(pause.at)) @if !pause.reason.is_empty() { ": " (line(&pause.reason)) } }
        }
    }
}

fn facts(page: &Page, history: &History, view: &SubscriptionView) -> Markup {
    let path = page.to_subscription(&view.name);
    let progress = |at: u64, target: u64| progress(history, view, at, target);
    html! {
        dt { "Position" } dd { (view.position.to_string()) ", " (counted(view.behind, "event")) " and " (format!("{:.1}", view.behind_seconds)) " seconds behind" }
        dt { "Kind" } dd { (line(&view.kind)) }
        dt { "Guarantee" } dd { (line(&view.guarantee)) }
        dt { "Owner" } dd { (owner(view)) }
        dt { "Dead letters" } dd {
            a href={ (path) "/letters" } { (bounded(view.letters)) }
            @if view.held > 0 { ", and " (counted(view.held, "event")) " held back" }
        }
        @if let Some(target) = view.rebuild_to { dt { "Rebuild in place" } dd { (progress(view.position.value(), target.value())) } }
        @if let Some(next) = view.next_generation { dt { "Next generation" } dd { (progress(next.value(), view.position.value())) } }
        @if let Some(hold) = &view.hold { dt { "Held" } dd { "by " (line(&hold.by)) " since " (time(hold.at)) @if !hold.reason.is_empty() { ": " (line(&hold.reason)) } } }
        dt { "Handles" } dd { @match &view.handles { Some(types) => { (line(&types.join(", "))) } None => "events of all types" } }
        dt { "Fingerprint" } dd { (visible(&view.fingerprint)) }
    }
}

fn progress(history: &History, view: &SubscriptionView, at: u64, target: u64) -> Markup {
    html! {
        progress aria-label="Progress of the rebuild" value=(at) max=(target.max(1)) { }
        " position " (at) " of " (target)
        @if at < target && let Some(left) = history.time_left(view) { ", about " (roughly(left.num_seconds().unsigned_abs())) " left" }
    }
}

/// Returns a length of time in words.
fn roughly(seconds: u64) -> String {
    match seconds {
        ..120 => exactly(seconds, "second"),
        120..7_200 => exactly(seconds / 60, "minute"),
        _ => exactly(seconds / 3_600, "hour"),
    }
}
