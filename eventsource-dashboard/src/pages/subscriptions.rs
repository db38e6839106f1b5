//! All subscriptions, and one of them.

use axum::extract::{Path, State};
use axum::response::Response;
use eventsource::admin::{Overview, SubscriptionView};
use maud::{Markup, html};

use super::{counted, state};
use crate::access::Change;
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::text::{line, visible};

pub(super) async fn overview(State(shared): State<Shared>, page: Page) -> Response {
    match shared.admin.overview().await {
        Ok(overview) => page.answer("", "Subscriptions", &overview, || all(&page, &overview)),
        Err(error) => page.failed(&error),
    }
}

pub(super) async fn one(State(shared): State<Shared>, Path(name): Path<String>, page: Page) -> Response {
    match shared.admin.subscription(&name).await {
        Ok(view) => page.answer("", &view.name, &view, || whole(&page, &view)),
        Err(error) => page.failed(&error),
    }
}

/// Returns why a subscription needs an operator, if it does.
fn needs(view: &SubscriptionView) -> Option<String> {
    let reason = view.reason.as_deref().or(view.failure.as_deref()).unwrap_or_default();
    match &*view.state {
        "faulted" | "refused" | "outdated" | "fenced again" => Some(format!("is {}: {reason}", view.state)),
        "not running" | "stopped" => Some("runs in no process".to_owned()),
        _ if view.letters > 0 => Some(format!("has {} dead letters", counted(view.letters))),
        _ => None,
    }
}

fn all(page: &Page, overview: &Overview) -> Markup {
    html! {
        p.soft {
            "The log ends at position " (overview.head.to_string()) "."
            @if let Some(stalled) = &overview.stalled_by { " " span.bad { (line(stalled)) } }
        }
        @for (view, need) in overview.subscriptions.iter().filter_map(|view| Some((view, needs(view)?))) {
            p.notice { a href=(page.to_subscription(&view.name)) { (line(&view.name)) } " " (line(&need)) }
        }
        table {
            caption { (overview.subscriptions.len()) " subscriptions, at " (time(overview.at)) }
            thead { tr {
                th scope="col" { "Name" } th scope="col" { "State" }
                th.number scope="col" { "Events behind" } th.number scope="col" { "Seconds behind" }
                th.number scope="col" { "Events a second" } th.number scope="col" { "Dead letters" }
                th scope="col" { "Owner" }
            } }
            tbody {
                @for view in &overview.subscriptions { tr {
                    td data-name="Name" { a href=(page.to_subscription(&view.name)) { (line(&view.name)) } }
                    td data-name="State" { (state(&view.state)) }
                    td.number data-name="Events behind" { (counted(view.behind)) }
                    td.number data-name="Seconds behind" { (format!("{:.1}", view.behind_seconds)) }
                    td.number data-name="Events a second" { (format!("{:.1}", view.rate)) }
                    td.number data-name="Dead letters" { (counted(view.letters)) }
                    td data-name="Owner" { (owner(view)) }
                } }
            }
        }
        @if overview.subscriptions.is_empty() { p { "No subscription has run on this database yet." } }
    }
}

fn owner(view: &SubscriptionView) -> String {
    match &view.owner {
        Some(owner) if owner.is_expired => format!("{} (its lease has ended)", line(&owner.manager)),
        Some(owner) => line(&owner.manager),
        None => "none".to_owned(),
    }
}

fn time(at: chrono::DateTime<chrono::Utc>) -> Markup {
    html! { time datetime=(at.to_rfc3339()) { (at.format("%Y-%m-%d %H:%M:%S UTC")) } }
}

fn whole(page: &Page, view: &SubscriptionView) -> Markup {
    let path = page.to_subscription(&view.name);
    html! {
        p { (state(&view.state)) @if let Some(reason) = &view.reason { ": " (line(reason)) } }
        @if let Some(failure) = &view.failure { p.notice { "Last failure: " (line(failure)) } }
        @if let Some(pause) = &view.pause {
            p.notice { "Paused by " (line(&pause.by)) " at " (time(pause.at)) @if !pause.reason.is_empty() { ": " (line(&pause.reason)) } }
        }
        dl {
            dt { "Position" } dd { (view.position.to_string()) ", " (counted(view.behind)) " events and " (format!("{:.1}", view.behind_seconds)) " seconds behind" }
            dt { "Kind" } dd { (line(&view.kind)) }
            dt { "Guarantee" } dd { (line(&view.guarantee)) }
            dt { "Owner" } dd { (owner(view)) }
            dt { "Dead letters" } dd {
                a href={ (path) "/letters" } { (counted(view.letters)) }
                @if view.held > 0 { ", with " (view.held) " events behind them" }
            }
            @if let Some(target) = view.rebuild_to { dt { "Rebuild in place" } dd { (progress(view.position.value(), target.value())) } }
            @if let Some(next) = view.next_generation { dt { "Next generation" } dd { (progress(next.value(), view.position.value())) } }
            dt { "Handles" } dd { @match &view.handles { Some(types) => { (line(&types.join(", "))) } None => "events of all types" } }
            dt { "Fingerprint" } dd { (visible(&view.fingerprint)) }
        }
        (actions(page, view, &path))
        h2 { "Processes" }
        table {
            caption { "What each process reports" }
            thead { tr { th scope="col" { "Process" } th scope="col" { "State" } th scope="col" { "Reported" } } }
            tbody {
                @for manager in &view.managers { tr {
                    td data-name="Process" { (line(&manager.manager)) }
                    td data-name="State" { (state(&manager.state)) @if let Some(reason) = &manager.reason { ": " (line(reason)) } }
                    td data-name="Reported" { (time(manager.at)) @if manager.is_silent { " " span.bad { "not heard of since" } } }
                } }
            }
        }
    }
}

fn progress(at: u64, target: u64) -> Markup {
    html! { progress value=(at) max=(target.max(1)) { } " position " (at) " of " (target) }
}

fn actions(page: &Page, view: &SubscriptionView, path: &str) -> Markup {
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
            (button(Change::CancelRebuild, "cancel-rebuild", "Cancel the rebuild"))
        } @else if page.access.may(Change::Rebuild) {
            (button(Change::Rebuild, "rebuild-side-by-side", "Rebuild side by side"))
            form method="post" action={ (path) "/rebuild-in-place" } {
                label { "Its name, since the read model is empty until the rebuild is complete" input name="confirm" autocomplete="off"; }
                button { "Rebuild in place" }
            }
        }
    }
}
