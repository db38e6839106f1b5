//! The pages.

mod actions;
mod chart;
mod doctor;
pub(crate) mod events;
pub(crate) mod letters;
pub(crate) mod operations;
pub(crate) mod overview;
pub(crate) mod subscription;
pub(crate) mod topology;

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use eventsource::admin::SubscriptionView;
use eventsource::text::{bounded, counted};
use maud::{Markup, html};
use serde::Deserialize;

use crate::dashboard::Shared;
use crate::layout::Page;
use crate::text::line;

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(overview::page))
        .route("/subscriptions/{name}", get(subscription::one))
        .route("/subscriptions/{name}/{action}", post(actions::on_subscription))
        .route("/letters", get(letters::totals::page))
        .route("/subscriptions/{name}/letters", get(letters::list::page).post(actions::on_letters))
        .route("/subscriptions/{name}/letters/confirm", get(letters::bulk::page))
        .route("/subscriptions/{name}/letters/{position}", get(letters::one::page))
        .route("/events", get(events::list::page))
        .route("/events/{id}", get(events::one::page))
        .route("/events/{id}/payload", get(events::one::payload))
        .route("/event-types", get(events::types::page))
        .route("/streams", get(events::streams::page))
        .route("/streams/{kind}/{id}", get(events::stream::page))
        .route("/streams/{kind}/{id}/steps", get(events::steps::page))
        .route("/correlations/{id}", get(events::correlation::page))
        .route("/topology", get(topology::page))
        .route("/doctor", get(doctor::page))
        .route("/operations", get(operations::page))
        .route("/operations/{id}", get(operations::one))
        .route("/operations/{id}/withdraw", post(actions::withdraw))
        .fallback(nowhere)
        .method_not_allowed_fallback(not_so)
}

async fn not_so(page: Page) -> Response {
    page.problem(
        StatusCode::METHOD_NOT_ALLOWED,
        "this address is not asked in this way; open a page, and use its buttons",
    )
}

async fn nowhere(page: Page) -> Response {
    page.problem(StatusCode::NOT_FOUND, "there is no such page; begin with the subscriptions")
}

/// The longest time that a page waits for a part that it can do without.
const PART: Duration = Duration::from_secs(2);

/// Returns a part of a page. `None`: the database does not answer in time, or fails.
async fn soon<T>(part: impl Future<Output = Option<T>>) -> Option<T> {
    tokio::time::timeout(PART, part).await.ok().flatten()
}

/// The number of rows of a page.
const ROWS: usize = 50;

/// Where a page begins.
#[derive(Debug, Deserialize)]
struct After {
    after: Option<u64>,
}

/// The largest number that is counted.
const COUNTED: u64 = 10_000;

/// Returns a number of dead letters, or that there are at least so many.
fn letters_found(number: u64, is_exact: bool) -> String {
    match is_exact {
        true => counted(number, "dead letter"),
        false => format!("at least {}", counted(number.min(COUNTED), "dead letter")),
    }
}

/// Returns a number, or that it is at least that.
fn at_least(number: u64, is_exact: bool) -> String {
    match is_exact {
        true => bounded(number),
        false => format!("at least {}", number.min(COUNTED)),
    }
}

/// Returns the query of an address, with the fields that are not empty.
fn query<'a>(fields: impl IntoIterator<Item = (&'static str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        text.push_str(&part(value));
    }
    text
}

/// Returns the owner, with its full name in the title.
fn owner(view: &SubscriptionView) -> Markup {
    match &view.owner {
        Some(owner) => html! { span title=(line(&owner.manager)) { (line(&owner.to_string())) } },
        None => html! { "none" },
    }
}

/// Returns a state, with a sign and a colour.
fn state(name: &str) -> Markup {
    let (class, sign) = match name {
        "live" => ("good", "●"),
        "catching up" | "rebuilding" | "retrying letters" | "standing by" => ("wait", "◐"),
        "paused" => ("wait", "Ⅱ"),
        "faulted" | "refused" | "fenced again" | "outdated" => ("bad", "✕"),
        _ => ("wait", "○"),
    };
    html! { span.state.(class) { span aria-hidden="true" { (sign) } " " (line(name)) } }
}

/// Returns a part of a path, encoded.
fn part(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(char::from(byte)),
            byte => {
                encoded.push('%');
                for half in [byte >> 4, byte & 15] {
                    encoded.push(char::from(b"0123456789ABCDEF"[usize::from(half)]));
                }
            }
        }
    }
    encoded
}

impl Page {
    fn to_subscription(&self, name: &str) -> String {
        format!("{}/subscriptions/{}", self.root, part(name))
    }

    fn to_letter(&self, name: &str, position: u64) -> String {
        format!("{}/letters/{position}", self.to_subscription(name))
    }

    fn to_event(&self, id: uuid::Uuid) -> String {
        format!("{}/events/{id}", self.root)
    }

    fn to_stream(&self, stream: &eventsource::StreamId) -> String {
        format!("{}/streams/{}/{}", self.root, part(stream.aggregate_type()), stream.aggregate_id())
    }

    fn to_correlation(&self, id: uuid::Uuid) -> String {
        format!("{}/correlations/{id}", self.root)
    }

    fn to_operation(&self, id: uuid::Uuid) -> String {
        format!("{}/operations/{id}", self.root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_of_a_path_keeps_no_character_with_a_meaning() {
        assert_eq!(part("a/b?c#d%é"), "a%2Fb%3Fc%23d%25%C3%A9");
        assert_eq!(query([("kind", "a&b"), ("stream", ""), ("error", "c")]), "?kind=a%26b&error=c");
    }
}
