//! Retries or dismisses many dead letters: the number and a sample first, then a confirmation.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use eventsource::admin::{AdminError, LetterCountView, LetterPageView};
use eventsource::projection::LetterSearch;
use eventsource::subscription::RetryReport;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::search::Wanted;
use super::{AT, list};
use crate::access::Change;
use crate::address::{Path, Query};
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::pages::letters_found;
use crate::text::line;

/// How many letters are shown before a change.
const SAMPLE: usize = 10;

#[derive(Debug, Deserialize)]
pub(in crate::pages) struct Asked {
    #[serde(default)]
    action: String,
}

pub(in crate::pages) async fn page(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
    Query(Asked { action }): Query<Asked>,
    page: Page,
) -> Response {
    let change = match &*action {
        "retry" => Change::RetryLetters,
        "dismiss" => Change::DismissLetters,
        _ => return page.problem(StatusCode::NOT_FOUND, "there is no such action on dead letters"),
    };
    if !page.access.may(change) {
        return page.problem(StatusCode::FORBIDDEN, "you may look, and not change this");
    }
    // A change is for waiting letters.
    let wanted = Wanted { state: String::new(), after: None, ..wanted };
    let search = match wanted.search(&name) {
        Ok(search) => search,
        Err(text) => return page.problem(StatusCode::UNPROCESSABLE_ENTITY, &text),
    };
    match read(&shared, &name, &search).await {
        Ok((count, sample)) => {
            let view = json!({ "format": 1, "count": count, "sample": sample.letters });
            let verb = if change == Change::RetryLetters { "Retry" } else { "Dismiss" };
            page.answer(AT, &format!("{verb} dead letters of {name}"), view, || {
                whole(&page, &name, verb, &wanted, count, &sample)
            })
        }
        Err(error) => page.failed(&error),
    }
}

async fn read(
    shared: &Shared,
    name: &str,
    search: &LetterSearch,
) -> Result<(LetterCountView, LetterPageView), AdminError> {
    shared.admin.subscription(name).await?;
    let count = shared.admin.count_letters(search).await?;
    let sample = shared.admin.find_letters(search, None, SAMPLE).await?;
    Ok((count, sample))
}

fn whole(
    page: &Page,
    name: &str,
    verb: &str,
    wanted: &Wanted,
    count: LetterCountView,
    sample: &LetterPageView,
) -> Markup {
    let path = format!("{}/letters", page.to_subscription(name));
    let is_dismissal = verb == "Dismiss";
    html! {
        p { a href={ (path) (wanted.query(&[])) } { "Dead letters of " (line(name)) } }
        @if !wanted.is_narrow() { p.notice { "No filter is set: these are all waiting letters of the subscription." } }
        p {
            "Found: " strong { (letters_found(count.letters, count.is_exact)) } "."
            @if count.letters > RetryReport::MOST_AT_ONCE as u64 {
                " One request serves the first " (RetryReport::MOST_AT_ONCE) ": repeat it for the others."
            }
        }
        @if count.letters > 0 {
            form method="post" action=(path) {
                input type="hidden" name="action" value=(if is_dismissal { "dismiss-found" } else { "retry-found" });
                (wanted.hidden())
                @if is_dismissal { label { "Reason" input name="reason" required maxlength="500"; } }
                button { (verb) " " (letters_found(count.letters.min(RetryReport::MOST_AT_ONCE as u64), true)) }
            }
            @if is_dismissal { p { "The events of dismissed letters are never applied." } }
            h2 { "The first of them" }
            (list::rows(page, name, &sample.letters))
        }
    }
}
