//! What operators did.

use axum::extract::State;
use axum::response::Response;
use eventsource::admin::LetterCountView;
use eventsource::projection::LetterSearch;
use eventsource::projection::operations::{RequestQuery, RequestState, StoredRequest};
use eventsource::subscription::{Action, LetterSelection};
use eventsource::text::counted;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{ROWS, at_least, query, soon};
use crate::access::Change;
use crate::address::{Path, Query};
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::live::Part;
use crate::text::{line, process, time, visible};

const AT: &str = "/operations";

/// Which requests are shown.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    before: Option<Uuid>,
    subscription: Option<String>,
}

pub(super) async fn page(State(shared): State<Shared>, Query(wanted): Query<Wanted>, page: Page) -> Response {
    let mut asked = RequestQuery::latest(ROWS);
    asked.before = wanted.before;
    asked.subscription = wanted.subscription.filter(|name| !name.is_empty());
    match shared.admin.requests(&asked).await {
        Ok(requests) => {
            let view = json!({ "format": 1, "requests": requests, "more": requests.len() == ROWS });
            page.answer(AT, "Operations", view, || {
                rows(&page, asked.subscription.as_deref().unwrap_or_default(), &requests)
            })
        }
        Err(error) => page.failed(&error),
    }
}

fn rows(page: &Page, wanted: &str, requests: &[StoredRequest]) -> Markup {
    html! {
        p { "What operators asked for, and what came of it. A request is kept for 90 days." }
        (table(page, requests))
        @if requests.len() == ROWS && let Some(last) = requests.last() {
            @let before = last.request.id.to_string();
            p { a href={ (page.root) (AT) (query([("subscription", wanted), ("before", &*before)])) } { "Earlier requests" } }
        }
    }
}

/// Returns a table of requests.
pub(super) fn table(page: &Page, requests: &[StoredRequest]) -> Markup {
    html! {
        table {
            caption { (counted(requests.len() as u64, "request")) ", the latest first" }
            thead { tr {
                th scope="col" { "Asked" } th scope="col" { "By" } th scope="col" { "Subscription" }
                th scope="col" { "Action" } th scope="col" { "State" }
            } }
            tbody {
                @for stored in requests { tr {
                    td data-name="Asked" { a href=(page.to_operation(stored.request.id)) { (time(stored.request.at)) } }
                    td data-name="By" { (line(&stored.request.by)) }
                    td data-name="Subscription" { a href=(page.to_subscription(&stored.request.subscription)) { (line(&stored.request.subscription)) } }
                    td data-name="Action" { (line(&stored.request.action)) }
                    td data-name="State" { (line(&stored.state.to_string())) }
                } }
            }
        }
    }
}

pub(super) async fn one(State(shared): State<Shared>, Path(id): Path<Uuid>, page: Page) -> Response {
    match shared.admin.request(id).await {
        Ok(stored) => {
            let view = json!({ "format": 1, "request": stored });
            // A request that has ended does not change any more.
            let page = if stored.state.is_open() { page.live(&format!("of=operation&id={id}")) } else { page };
            let heading = format!("{} {}", stored.request.action.replace('_', " "), stored.request.subscription);
            let left = left(&shared, &stored).await;
            page.answer(AT, &heading, view, || html! { div #request { (whole(&page, &stored, left)) } })
        }
        Err(error) => page.failed(&error),
    }
}

/// Returns the parts of the page of a request that change while it is open.
pub(crate) async fn parts(shared: &Shared, page: &Page, stored: &StoredRequest) -> Vec<Part> {
    vec![Part::new("request", whole(page, stored, left(shared, stored).await))]
}

/// Returns how many letters still wait of those that an open request is about: its progress.
async fn left(shared: &Shared, stored: &StoredRequest) -> Option<LetterCountView> {
    if !stored.state.is_open() {
        return None;
    }
    let mut search = match Action::of_stored(stored).ok()? {
        Action::RetryLetters { letters: LetterSelection::Matching(search) }
        | Action::DismissMatching { search, .. } => *search,
        Action::RetryLetters { letters: LetterSelection::All } => LetterSearch::default(),
        _ => return None,
    };
    search.subscription = Some(stored.request.subscription.clone());
    soon(async { shared.admin.count_letters(&search.waiting()).await.ok() }).await
}

fn whole(page: &Page, stored: &StoredRequest, left: Option<LetterCountView>) -> Markup {
    let (request, state) = (&stored.request, &stored.state);
    html! {
        p { strong { (line(&state.to_string())) } }
        dl {
            dt { "Subscription" } dd { a href=(page.to_subscription(&request.subscription)) { (line(&request.subscription)) } }
            dt { "Asked by" } dd { (line(&request.by)) }
            dt { "Asked" } dd { (time(request.at)) }
            dt { "Valid until" } dd { (time(request.expires_at)) }
            dt { "Arguments" } dd { (visible(&request.arguments)) }
            @if let Some(by) = taken_by(state) { dt { "Process" } dd { (process(by)) } }
            @if let Some(at) = state.ended_at() { dt { "Ended" } dd { (time(at)) } }
        }
        @if let Some(left) = left {
            p { "Its letters that still wait: " (at_least(left.letters, left.is_exact)) }
        }
        @if state.is_open() {
            p { "The process that owns the subscription serves it. " a href=(page.to_operation(request.id)) { "Look again" } }
            @if *state == RequestState::Waiting && page.access.may(Change::Withdraw) {
                form method="post" action={ (page.to_operation(request.id)) "/withdraw" } { button { "Withdraw" } }
            }
        }
    }
}

fn taken_by(state: &RequestState) -> Option<&str> {
    match state {
        RequestState::Taken { by, .. } | RequestState::Done { by, .. } | RequestState::Refused { by, .. } => Some(by),
        _ => None,
    }
}
