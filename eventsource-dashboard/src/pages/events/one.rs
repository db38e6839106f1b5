//! One event.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use eventsource::admin::{EventView, Overview};
use maud::{Markup, html};
use uuid::Uuid;

use super::{AT, event, for_json};
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::payload::Payloads;
use crate::text::line;

pub(in crate::pages) async fn page(State(shared): State<Shared>, Path(id): Path<Uuid>, page: Page) -> Response {
    let found = match shared.admin.event(id).await {
        Ok(found) => found,
        Err(error) => return page.failed(&error),
    };
    if page.wants_json {
        return axum::Json(for_json(shared.payloads, found)).into_response();
    }
    let heading = format!("{} at position {}", found.event_type, found.position);
    let sample = shared.sampler.now().await.ok();
    page.answer(AT, &heading, (), || {
        html! {
            (event(&page, shared.payloads, &found))
            @if let Some(sample) = &sample { (appliers(&page, &sample.overview, &found)) }
        }
    })
}

/// The subscriptions that handle events of its type.
fn appliers(page: &Page, overview: &Overview, event: &EventView) -> Markup {
    let handles = |types: Option<&Vec<String>>| types.is_none_or(|types| types.contains(&event.event_type));
    let found: Vec<_> = overview.subscriptions.iter().filter(|view| handles(view.handles.as_ref())).collect();
    html! {
        h2 { "Subscriptions" }
        @if found.is_empty() { p { "No subscription handles its type." } } @else {
            table {
                caption { "Subscriptions that handle its type" }
                thead { tr { th scope="col" { "Subscription" } th scope="col" { "Progress" } } }
                tbody {
                    @for view in found { tr {
                        td data-name="Subscription" { a href=(page.to_subscription(&view.name)) { (line(&view.name)) } }
                        td data-name="Progress" {
                            @if view.position < event.position { "has not reached it" }
                            @else if view.letters > 0 { "has passed it; see its " a href={ (page.to_subscription(&view.name)) "/letters" } { "dead letters" } }
                            @else { "has passed it" }
                        }
                    } }
                }
            }
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
