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

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use eventsource::admin::SubscriptionView;
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
}

async fn nowhere(page: Page) -> Response {
    page.problem(StatusCode::NOT_FOUND, "there is no such page")
}

/// The number of rows of a page.
const ROWS: usize = 50;

/// The largest number that is counted.
const COUNTED: u64 = 10_000;

/// Where a page begins.
#[derive(Debug, Deserialize)]
struct After {
    after: Option<u64>,
}

/// Returns the number, or "over 10,000".
fn counted(number: u64) -> String {
    if number > COUNTED { format!("over {COUNTED}") } else { number.to_string() }
}

/// Returns the number, or that it is at least that.
fn at_least(number: u64, is_exact: bool) -> String {
    match is_exact {
        true => counted(number),
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

fn owner(view: &SubscriptionView) -> String {
    match &view.owner {
        Some(owner) if owner.is_expired => format!("{} (its lease has ended)", line(&owner.manager)),
        Some(owner) => line(&owner.manager),
        None => "none".to_owned(),
    }
}

fn time(at: DateTime<Utc>) -> Markup {
    html! { time datetime=(at.to_rfc3339()) { (at.format("%Y-%m-%d %H:%M:%S UTC")) } }
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
