//! One subscription.

use axum::extract::{Path, State};
use axum::response::Response;
use eventsource::admin::SubscriptionView;
use maud::{Markup, html};
use serde::Serialize;

use super::{chart, counted, owner, part, state, time};
use crate::access::Change;
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::live::{Moment, Part};
use crate::text::{line, visible};

pub(super) async fn one(State(shared): State<Shared>, Path(name): Path<String>, page: Page) -> Response {
    match shared.sampler.one(&name).await {
        Ok((view, trouble)) => {
            let page = Page { trouble, ..page.live(&format!("of=subscription&name={}", part(&name))) };
            let history = shared.sampler.history().of(&view.name);
            let whole_view = Dated { view: &view, history: &history };
            page.answer("", &view.name, whole_view, || whole(&page, &view, &history))
        }
        Err(missed) => page.missed(&missed),
    }
}

/// A subscription, and its last hour.
#[derive(Serialize)]
struct Dated<'a> {
    #[serde(flatten)]
    view: &'a SubscriptionView,
    history: &'a [Moment],
}

/// Returns the parts that change while the page is open.
pub(crate) fn parts(page: &Page, shared: &Shared, view: &SubscriptionView) -> Vec<Part> {
    vec![
        Part::new("state", now(view)),
        Part::new("facts", facts(page, view)),
        Part::new("actions", actions(page, view)),
        Part::new("processes", processes(view)),
        Part::new("chart", chart::large(&shared.sampler.history().of(&view.name))),
    ]
}

fn whole(page: &Page, view: &SubscriptionView, history: &[Moment]) -> Markup {
    html! {
        div #state { (now(view)) }
        dl #facts { (facts(page, view)) }
        div #actions { (actions(page, view)) }
        h2 { "Last hour" }
        div #chart { (chart::large(history)) }
        h2 { "Processes" }
        table {
            caption { "What each process reports" }
            thead { tr { th scope="col" { "Process" } th scope="col" { "State" } th scope="col" { "Reported" } } }
            tbody #processes { (processes(view)) }
        }
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

fn facts(page: &Page, view: &SubscriptionView) -> Markup {
    let path = page.to_subscription(&view.name);
    html! {
        dt { "Position" } dd { (view.position.to_string()) ", " (counted(view.behind)) " events and " (format!("{:.1}", view.behind_seconds)) " seconds behind" }
        dt { "Kind" } dd { (line(&view.kind)) }
        dt { "Guarantee" } dd { (line(&view.guarantee)) }
        dt { "Owner" } dd { (owner(view)) }
        dt { "Dead letters" } dd {
            a href={ (path) "/letters" } { (counted(view.letters)) }
            @if view.held > 0 { ", with " (view.held) " events behind them" }
        }
        dt { "Requests" } dd { a href={ (page.root) "/operations?subscription=" (part(&view.name)) } { "What operators did to it" } }
        @if let Some(target) = view.rebuild_to { dt { "Rebuild in place" } dd { (progress(view.position.value(), target.value())) } }
        @if let Some(next) = view.next_generation { dt { "Next generation" } dd { (progress(next.value(), view.position.value())) } }
        @if let Some(hold) = &view.hold { dt { "Held" } dd { "by " (line(&hold.by)) " since " (time(hold.at)) @if !hold.reason.is_empty() { ": " (line(&hold.reason)) } } }
        dt { "Handles" } dd { @match &view.handles { Some(types) => { (line(&types.join(", "))) } None => "events of all types" } }
        dt { "Fingerprint" } dd { (visible(&view.fingerprint)) }
    }
}

fn processes(view: &SubscriptionView) -> Markup {
    html! {
        @for manager in &view.managers { tr {
            td data-name="Process" { (line(&manager.manager)) }
            td data-name="State" { (state(&manager.state)) @if let Some(reason) = &manager.reason { ": " (line(reason)) } }
            td data-name="Reported" { (time(manager.at)) @if manager.is_silent { " " span.bad { "not heard of since" } } }
        } }
    }
}

fn progress(at: u64, target: u64) -> Markup {
    html! { progress aria-label="Progress of the rebuild" value=(at) max=(target.max(1)) { } " position " (at) " of " (target) }
}

fn actions(page: &Page, view: &SubscriptionView) -> Markup {
    let path = page.to_subscription(&view.name);
    let button = |change: Change, action: &str, text: &str| {
        html! { @if page.access.may(change) { form method="post" action={ (path) "/" (action) } { button { (text) } } } }
    };
    html! {
        @if view.pause.is_some() {
            (button(Change::Resume, "resume", "Resume"))
        } @else if page.access.may(Change::Pause) {
            form method="post" action={ (path) "/pause" } {
                label { "Reason" input name="reason" maxlength="500"; }
                button { "Pause" }
            }
        }
        (button(Change::Restart, "restart", "Restart"))
        @if view.rebuild_to.is_some() || view.next_generation.is_some() {
            @if view.hold.is_some() { (button(Change::SwitchRebuild, "switch-rebuild", "Switch to the next generation")) }
            (button(Change::CancelRebuild, "cancel-rebuild", "Cancel the rebuild"))
        } @else if page.access.may(Change::Rebuild) {
            // Only rows can be built next to others. An older manager may not have told the kind.
            @if matches!(&*view.kind, "transactional" | "") {
                (button(Change::Rebuild, "rebuild-side-by-side", "Rebuild side by side"))
                (button(Change::Rebuild, "rebuild-and-hold", "Rebuild side by side, and hold"))
            }
            form method="post" action={ (path) "/rebuild-in-place" } {
                label { @if view.kind.starts_with("effects") { "Its name, since each effect happens again" } @else { "Its name, since the read model is empty until the rebuild is complete" } input name="confirm" autocomplete="off"; }
                button { "Rebuild in place" }
            }
        }
    }
}
