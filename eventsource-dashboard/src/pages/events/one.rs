//! One event.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use eventsource::admin::{DecodedView, EventView};
use maud::{Markup, html};
use serde::Serialize;
use uuid::Uuid;

use super::applied::{self, Applier};
use super::{AT, event, for_json};
use crate::address::Path;
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::pages::soon;
use crate::payload::Payloads;
use crate::text::line;

/// An event, and the subscriptions that handle its type.
#[derive(Serialize)]
struct View {
    #[serde(flatten)]
    event: EventView,
    /// As the program of this process reads it; `None`: it has no event types.
    decoded: Option<DecodedView>,
    /// `None`: the database did not answer.
    subscriptions: Option<Vec<Applier>>,
}

pub(in crate::pages) async fn page(State(shared): State<Shared>, Path(id): Path<Uuid>, page: Page) -> Response {
    let found = match shared.admin.event(id).await {
        Ok(found) => found,
        Err(error) => return page.failed(&error),
    };
    let decoded = shared.admin.decode(&found);
    let appliers = match shared.sampler.now().await {
        Ok(sample) => soon(async { applied::appliers(&shared, &sample.overview, &found).await.ok() }).await,
        Err(_) => None,
    };
    if page.wants_json {
        let decoded = decoded.map(|decoded| masked(shared.payloads, decoded));
        let event = for_json(shared.payloads, found);
        return axum::Json(View { event, decoded, subscriptions: appliers }).into_response();
    }
    let heading = format!("{} at position {}", found.event_type, found.position);
    page.answer(AT, &heading, (), || {
        html! {
            (event(&page, shared.payloads, &found))
            @if let Some(decoded) = &decoded { (as_read(shared.payloads, &found, decoded)) }
            @if let Some(appliers) = &appliers { (applied::table(&page, &found, appliers)) }
        }
    })
}

fn masked(payloads: Payloads, decoded: DecodedView) -> DecodedView {
    match decoded {
        DecodedView::Read { rust_type, version, payload } => {
            DecodedView::Read { rust_type, version, payload: payloads.json(payload) }
        }
        other => other,
    }
}

/// Returns an event as the program of this process reads it.
fn as_read(payloads: Payloads, event: &EventView, decoded: &DecodedView) -> Markup {
    html! {
        h2 { "As this program reads it" }
        @match decoded {
            DecodedView::Read { rust_type, version, payload } => {
                p { code { (line(rust_type)) } ", version " (version) }
                @if *payload == event.payload {
                    p { "It reads the payload as it is stored." }
                } @else {
                    pre tabindex="0" aria-label="Payload as this program reads it" { (payloads.text(payload).text) }
                }
            }
            DecodedView::Failed { rust_type, error } => {
                p.bad { "It cannot be read as " code { (line(rust_type)) } ": " (line(error)) }
            }
            _ => p { "This program has no type that reads `" (line(&event.event_type)) "`, version " (event.schema_version) "." }
        }
    }
}

/// The payload as it is stored, as a file of plain text.
pub(in crate::pages) async fn payload(State(shared): State<Shared>, Path(id): Path<Uuid>, page: Page) -> Response {
    if shared.payloads != Payloads::Shown {
        return page.problem(StatusCode::FORBIDDEN, "payloads are masked: see `Dashboard::payloads`");
    }
    match shared.admin.event(id).await {
        Ok(event) => {
            let name = format!("attachment; filename=\"event-{id}.txt\"");
            let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)];
            (headers, event.payload).into_response()
        }
        Err(error) => page.failed(&error),
    }
}
