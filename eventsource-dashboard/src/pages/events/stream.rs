//! One stream.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use eventsource::StreamId;
use maud::html;
use uuid::Uuid;

use super::{AT, event, for_json};
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::pages::{After, ROWS};
use crate::text::line;

pub(in crate::pages) async fn page(
    State(shared): State<Shared>,
    Path((kind, id)): Path<(String, Uuid)>,
    Query(After { after }): Query<After>,
    page: Page,
) -> Response {
    let stream = StreamId::new(kind, id);
    match shared.admin.stream(&stream, after.unwrap_or(0), ROWS).await {
        Ok(mut found) => {
            if page.wants_json {
                found.events = found.events.into_iter().map(|event| for_json(shared.payloads, event)).collect();
            }
            page.answer(AT, &stream.to_string(), &found, || {
                html! {
                    @if found.events.is_empty() { p { "The stream has no events here." } }
                    @for found in &found.events {
                        h2 { (line(&found.event_type)) ", version " (found.version) }
                        (event(&page, shared.payloads, found))
                    }
                    @if found.more && let Some(last) = found.events.last() {
                        p { a href={ (page.to_stream(&stream)) "?after=" (last.version) } { "Later events" } }
                    }
                }
            })
        }
        Err(error) => page.failed(&error),
    }
}
