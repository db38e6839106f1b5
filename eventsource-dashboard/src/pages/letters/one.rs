//! One dead letter.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use eventsource::Position;
use eventsource::admin::LetterView;
use eventsource::projection::LetterState;
use eventsource::text::bounded;
use maud::{Markup, html};
use serde::Serialize;

use super::AT;
use super::around::Around;
use crate::access::Change;
use crate::address::Path;
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::pages::{events, soon};
use crate::payload::Payloads;
use crate::text::{line, time, visible};

pub(in crate::pages) async fn page(
    State(shared): State<Shared>,
    Path((name, position)): Path<(String, u64)>,
    page: Page,
) -> Response {
    if position == 0 {
        return page.problem(StatusCode::NOT_FOUND, "no event has the position 0; open the letter from the list");
    }
    let mut view = match shared.admin.letter(&name, Position::new(position)).await {
        Ok(view) => view,
        Err(error) => return page.failed(&error),
    };
    let around = soon(Around::of(&shared, &name, &view.letter)).await;
    let heading = format!("Dead letter {position} of {name}");
    if page.wants_json {
        view.event = view.event.map(|event| events::for_json(shared.payloads, event));
        let around = around.map(|around| around.masked(shared.payloads));
        return axum::Json(Whole { view: &view, around: around.as_ref() }).into_response();
    }
    page.answer(AT, &heading, (), || whole(&page, shared.payloads, &name, &view, around.as_ref()))
}

/// A letter with its event, and the events of its stream around it.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    view: &'a LetterView,
    #[serde(flatten)]
    around: Option<&'a Around>,
}

fn whole(page: &Page, payloads: Payloads, name: &str, view: &LetterView, around: Option<&Around>) -> Markup {
    let letter = &view.letter;
    let path = format!("{}/letters", page.to_subscription(name));
    html! {
        p { a href=(page.to_subscription(name)) { (line(name)) } " · " a href=(path) { "Dead letters" } }
        @if let LetterState::Dismissed { reason, at } = &letter.state {
            p.notice { "Dismissed at " (time(*at)) ": " (line(reason)) }
        }
        h2 { "Errors" }
        ol { @for error in &letter.errors { li { (visible(error)) } } }
        dl {
            dt { "Attempts" } dd { (letter.attempts) }
            dt { "Failed first" } dd { (time(letter.first_failed_at)) }
            dt { "Failed last" } dd { (time(letter.last_failed_at)) }
            dt { "Events behind it" } dd { (bounded(letter.held)) }
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
        @if let Some(around) = around { (around.table(page, letter)) }
    }
}
