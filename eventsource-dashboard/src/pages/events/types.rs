//! The types of the stored events.

use axum::extract::State;
use axum::response::Response;
use eventsource::text::counted;
use maud::html;
use serde::Deserialize;

use super::AT;
use crate::address::Query;
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::pages::{ROWS, query};
use crate::text::line;

/// Where the page begins.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::pages) struct Wanted {
    after: Option<String>,
}

pub(in crate::pages) async fn page(State(shared): State<Shared>, Query(wanted): Query<Wanted>, page: Page) -> Response {
    match shared.admin.event_types(wanted.after.as_deref(), ROWS).await {
        Ok(found) => page.answer(AT, "Event types", &found, || {
            html! {
                table {
                    caption { (counted(found.types.len() as u64, "event type")) ", by name" }
                    thead { tr { th scope="col" { "Type" } th.number scope="col" { "Position of the first event" } } }
                    tbody {
                        @for stored in &found.types { tr {
                            td data-name="Type" { a href={ (page.root) (AT) (query([("kind", &*stored.name)])) } { (line(&stored.name)) } }
                            td.number data-name="Position of the first event" { (stored.first.value()) }
                        } }
                    }
                }
                @if found.more && let Some(last) = found.types.last() {
                    p { a href={ (page.root) "/event-types" (query([("after", &*last.name)])) } { "Next page" } }
                }
            }
        }),
        Err(error) => page.failed(&error),
    }
}
