//! One dead letter.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use eventsource::Position;
use eventsource::admin::LetterView;
use eventsource::projection::LetterState;
use maud::{Markup, html};

use super::AT;
use crate::access::Change;
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::pages::events;
use crate::payload::Payloads;
use crate::text::{line, visible};

pub(in crate::pages) async fn page(
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
        view.event = Some(events::for_json(shared.payloads, found));
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
            Some(found) => { (events::event(page, payloads, found)) }
            None => { p { "The log does not have this event any more." } }
        }
    }
}
