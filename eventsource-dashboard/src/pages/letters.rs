//! Dead letters.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use eventsource::Position;
use eventsource::admin::{LetterView, Overview};
use eventsource::projection::{DeadLetter, LetterQuery, LetterState};
use maud::{Markup, html};
use serde_json::json;

use super::events::event;
use super::overview::Dated;
use super::{After, ROWS, counted};
use crate::access::Change;
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::live::Part;
use crate::payload::Payloads;
use crate::text::{line, visible};

const AT: &str = "/letters";

pub(super) async fn all(State(shared): State<Shared>, page: Page) -> Response {
    match shared.sampler.now().await {
        Ok(sample) => {
            let page = Page { trouble: sample.trouble(), ..page.live("of=letters") };
            let view = Dated { overview: &sample.overview, trouble: sample.trouble.as_deref() };
            page.answer(AT, "Dead letters", view, || counts(&page, &sample.overview))
        }
        Err(missed) => page.missed(&missed),
    }
}

/// Returns the parts of the page of all letters that change while it is open.
pub(crate) fn parts(page: &Page, overview: &Overview) -> Vec<Part> {
    vec![Part::new("rows", numbers(page, overview))]
}

fn counts(page: &Page, overview: &Overview) -> Markup {
    html! {
        p { "An event that a projection could not apply is a dead letter. The later events of its stream wait behind it." }
        table {
            caption { "Dead letters by subscription" }
            thead { tr { th scope="col" { "Subscription" } th.number scope="col" { "Waiting" } th.number scope="col" { "Events behind them" } } }
            tbody #rows { (numbers(page, overview)) }
        }
    }
}

fn numbers(page: &Page, overview: &Overview) -> Markup {
    html! {
        @for view in &overview.subscriptions { tr {
            td data-name="Subscription" { a href={ (page.to_subscription(&view.name)) "/letters" } { (line(&view.name)) } }
            td.number data-name="Waiting" { (counted(view.letters)) }
            td.number data-name="Events behind them" { (view.held) }
        } }
    }
}

pub(super) async fn page(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Query(After { after }): Query<After>,
    page: Page,
) -> Response {
    let query = LetterQuery::parking().after(Position::new(after.unwrap_or(0))).limit(ROWS);
    match shared.admin.letters(&name, query).await {
        Ok(letters) => {
            let more = query.next(&letters).is_some();
            let view = json!({ "format": 1, "letters": letters, "more": more });
            page.answer(AT, &format!("Dead letters of {name}"), view, || rows(&page, &name, &letters, more))
        }
        Err(error) => page.failed(&error),
    }
}

fn rows(page: &Page, name: &str, letters: &[DeadLetter], more: bool) -> Markup {
    let path = format!("{}/letters", page.to_subscription(name));
    html! {
        p { a href=(page.to_subscription(name)) { (line(name)) } }
        @if letters.is_empty() { p { "No dead letter waits." } }
        table {
            caption { (letters.len()) " dead letters, by position" }
            thead { tr {
                th.number scope="col" { "Position" } th scope="col" { "Event" } th scope="col" { "Error" }
                th.number scope="col" { "Attempts" } th.number scope="col" { "Events behind it" } th scope="col" { "Failed last" }
            } }
            tbody {
                @for letter in letters { tr {
                    td.number data-name="Position" { a href=(page.to_letter(name, letter.position.value())) { (letter.position.value()) } }
                    td data-name="Event" { (line(&letter.event_type)) }
                    td data-name="Error" { (line(letter.errors.first().map_or("released", String::as_str))) }
                    td.number data-name="Attempts" { (letter.attempts) }
                    td.number data-name="Events behind it" { (letter.held) }
                    td data-name="Failed last" { (letter.last_failed_at.format("%Y-%m-%d %H:%M:%S UTC")) }
                } }
            }
        }
        @if more && let Some(last) = letters.last() { p { a href={ (path) "?after=" (last.position.value()) } { "Next page" } } }
        @if !letters.is_empty() && page.access.may(Change::RetryLetters) {
            form method="post" action=(path) {
                input type="hidden" name="action" value="retry-all";
                button { "Retry all dead letters of this subscription" }
            }
        }
    }
}

pub(super) async fn one(
    State(shared): State<Shared>,
    Path((name, position)): Path<(String, u64)>,
    page: Page,
) -> Response {
    let mut view = match shared.admin.letter(&name, Position::new(position)).await {
        Ok(view) => view,
        Err(error) => return page.failed(&error),
    };
    if position == 0 {
        return page.problem(StatusCode::NOT_FOUND, "no event has the position 0");
    }
    if page.wants_json
        && let Some(found) = view.event.take()
    {
        view.event = Some(super::events::for_json(shared.payloads, found));
    }
    let heading = format!("Dead letter {position} of {name}");
    page.answer(AT, &heading, &view, || whole(&page, shared.payloads, &name, &view))
}

fn whole(page: &Page, payloads: Payloads, name: &str, view: &LetterView) -> Markup {
    let letter = &view.letter;
    let path = format!("{}/letters", page.to_subscription(name));
    html! {
        p { a href=(page.to_subscription(name)) { (line(name)) } " · " a href=(path) { "Dead letters" } }
        @if let LetterState::Dismissed { reason, at } = &letter.state {
            p.notice { "Dismissed at " (at.format("%Y-%m-%d %H:%M:%S UTC")) ": " (line(reason)) }
        }
        h2 { "Errors" }
        ol { @for error in &letter.errors { li { (visible(error)) } } }
        dl {
            dt { "Attempts" } dd { (letter.attempts) }
            dt { "Failed first" } dd { (letter.first_failed_at.format("%Y-%m-%d %H:%M:%S UTC")) }
            dt { "Failed last" } dd { (letter.last_failed_at.format("%Y-%m-%d %H:%M:%S UTC")) }
            dt { "Events behind it" } dd { (letter.held) }
            dt { "Stream" } dd { a href=(page.to_stream(&letter.stream)) { (line(&letter.stream.to_string())) } }
        }
        @if letter.parks() {
            @if page.access.may(Change::RetryLetters) {
                form method="post" action=(path) {
                    input type="hidden" name="action" value="retry";
                    input type="hidden" name="position" value=(letter.position.value());
                    button { "Retry" }
                }
            }
            @if page.access.may(Change::DismissLetters) {
                form method="post" action=(path) {
                    input type="hidden" name="action" value="dismiss";
                    input type="hidden" name="position" value=(letter.position.value());
                    label { "Reason" input name="reason" required maxlength="500"; }
                    button { "Dismiss: the event is never applied" }
                }
            }
        }
        h2 { "Event" }
        @match &view.event {
            Some(found) => { (event(page, payloads, found)) }
            None => { p { "The log does not have this event any more." } }
        }
    }
}
