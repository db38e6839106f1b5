//! The dead letters of one subscription: grouped by their error, then a page of them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use eventsource::admin::{AdminError, LetterGroupsView, LetterPageView};
use eventsource::projection::{DeadLetter, LetterSearch, LetterStanding};
use eventsource::text::counted;
use maud::{Markup, html};
use serde_json::json;

use super::AT;
use super::search::Wanted;
use crate::access::Change;
use crate::address::{Path, Query};
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::pages::{ROWS, at_least, letters_found};
use crate::text::{line, time};

pub(in crate::pages) async fn page(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
    page: Page,
) -> Response {
    let search = match wanted.search(&name) {
        Ok(search) => search,
        Err(text) => return page.problem(StatusCode::UNPROCESSABLE_ENTITY, &text),
    };
    match read(&shared, &name, &search, &wanted).await {
        Ok((groups, letters)) => {
            let view = json!({ "format": 1, "groups": groups, "letters": letters.letters, "next": letters.next });
            page.answer(AT, &format!("Dead letters of {name}"), view, || {
                whole(&page, &name, &search, &wanted, &groups, &letters)
            })
        }
        Err(error) => page.failed(&error),
    }
}

async fn read(
    shared: &Shared,
    name: &str,
    search: &LetterSearch,
    wanted: &Wanted,
) -> Result<(LetterGroupsView, LetterPageView), AdminError> {
    // An unknown name is an error, and not a page without letters.
    shared.admin.subscription(name).await?;
    let groups = shared.admin.letter_groups(search).await?;
    let letters = shared.admin.find_letters(search, wanted.key(name).as_ref(), ROWS).await?;
    Ok((groups, letters))
}

fn whole(
    page: &Page,
    name: &str,
    search: &LetterSearch,
    wanted: &Wanted,
    groups: &LetterGroupsView,
    letters: &LetterPageView,
) -> Markup {
    let path = format!("{}/letters", page.to_subscription(name));
    html! {
        p { a href=(page.to_subscription(name)) { (line(name)) } }
        (wanted.form())
        @match groups.letters {
            0 => p { "No dead letter is found." },
            _ => {
                (by_error(&path, wanted, groups))
                (bulk(page, &path, search, wanted, groups))
                (rows(page, name, &letters.letters))
            }
        }
        @if let Some(next) = &letters.next {
            p { a href={ (path) (wanted.query(&[("after", &next.position.value().to_string())])) } { "Next page" } }
        }
    }
}

fn by_error(path: &str, wanted: &Wanted, groups: &LetterGroupsView) -> Markup {
    let narrowed = |error: &str, kind: &str| {
        Wanted { error: error.to_owned(), kind: kind.to_owned(), after: None, ..wanted.clone() }.query(&[])
    };
    html! {
        table {
            caption { (letters_found(groups.letters, groups.is_exact)) ", by error and event type" }
            thead { tr {
                th.number scope="col" { "Letters" } th scope="col" { "Error" } th scope="col" { "Event type" }
                th scope="col" { "Failed" }
            } }
            tbody {
                @for group in &groups.groups { tr {
                    td.number data-name="Letters" { (at_least(group.letters, groups.is_exact)) }
                    td data-name="Error" { a href={ (path) (narrowed(&group.error, &group.event_type)) } {
                        @if group.error.is_empty() { "released" } @else { (line(&group.error)) }
                    } }
                    td data-name="Event type" { (line(&group.event_type)) }
                    td data-name="Failed" { (time(group.oldest)) " to " (time(group.newest)) }
                } }
            }
        }
        @if groups.more_groups { p.soft { "There are more groups: narrow the search." } }
    }
}

/// The ways to the pages that retry or dismiss what is found.
fn bulk(page: &Page, path: &str, search: &LetterSearch, wanted: &Wanted, groups: &LetterGroupsView) -> Markup {
    let found = letters_found(groups.letters, groups.is_exact);
    let confirm = |action: &str| format!("{path}/confirm{}", wanted.query(&[("action", action)]));
    html! {
        @if search.standing == Some(LetterStanding::Waiting) {
            p {
                @if page.access.may(Change::RetryLetters) { a.button href=(confirm("retry")) { "Retry " (found) " …" } }
                " "
                @if page.access.may(Change::DismissLetters) { a.button href=(confirm("dismiss")) { "Dismiss " (found) " …" } }
            }
        }
    }
}

/// A table of letters.
pub(in crate::pages) fn rows(page: &Page, name: &str, letters: &[DeadLetter]) -> Markup {
    html! {
        table {
            caption { (counted(letters.len() as u64, "dead letter")) ", by position" }
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
                    td data-name="Failed last" { (time(letter.last_failed_at)) }
                } }
            }
        }
    }
}
