//! Events and streams.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use eventsource::admin::EventView;
use eventsource::{EventFilter, Position, StreamId};
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

use super::{After, ROWS};
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::payload::Payloads;
use crate::text::line;

const AT: &str = "/events";

/// Which events are shown.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    before: Option<u64>,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    aggregate: String,
}

impl Wanted {
    fn filter(&self) -> EventFilter {
        let filter = match self.kind.trim() {
            "" => EventFilter::all(),
            kind => EventFilter::types([kind.to_owned()]),
        };
        match self.aggregate.trim() {
            "" => filter,
            aggregate => filter.aggregates([aggregate.to_owned()]),
        }
    }
}

/// Masks an event for JSON.
pub(super) fn for_json(payloads: Payloads, mut event: EventView) -> EventView {
    event.payload = payloads.json(event.payload);
    event.metadata = event.metadata.into_iter().map(|(key, value)| (key, payloads.value(value))).collect();
    event
}

pub(super) async fn page(State(shared): State<Shared>, Query(wanted): Query<Wanted>, page: Page) -> Response {
    match shared.admin.events(wanted.before.map(Position::new), &wanted.filter(), ROWS).await {
        Ok(mut found) => {
            if page.wants_json {
                found.events = found.events.into_iter().map(|event| for_json(shared.payloads, event)).collect();
            }
            page.answer(AT, "Events", &found, || {
                html! {
                    form method="get" {
                        label { "Type" input name="kind" value=(line(&wanted.kind)); }
                        label { "Aggregate" input name="aggregate" value=(line(&wanted.aggregate)); }
                        button { "Show" }
                    }
                    (rows(&page, &found.events, "the latest first"))
                    @if found.more && let Some(last) = found.events.last() {
                        form method="get" {
                            input type="hidden" name="before" value=(last.position.value());
                            input type="hidden" name="kind" value=(wanted.kind);
                            input type="hidden" name="aggregate" value=(wanted.aggregate);
                            button { "Earlier events" }
                        }
                    }
                }
            })
        }
        Err(error) => page.failed(&error),
    }
}

fn rows(page: &Page, events: &[EventView], order: &str) -> Markup {
    html! {
        table {
            caption { (events.len()) " events, " (order) }
            thead { tr {
                th.number scope="col" { "Position" } th scope="col" { "Type" } th scope="col" { "Stream" }
                th.number scope="col" { "Version" } th scope="col" { "Stored" }
            } }
            tbody {
                @for event in events { tr {
                    td.number data-name="Position" { a href=(page.to_event(event.id)) { (event.position.value()) } }
                    td data-name="Type" { (line(&event.event_type)) }
                    td data-name="Stream" { a href=(page.to_stream(&event.stream)) { (line(&event.stream.to_string())) } }
                    td.number data-name="Version" { (event.version) }
                    td data-name="Stored" { (event.recorded_at.format("%Y-%m-%d %H:%M:%S UTC")) }
                } }
            }
        }
    }
}

pub(super) async fn one(State(shared): State<Shared>, Path(id): Path<Uuid>, page: Page) -> Response {
    match shared.admin.event(id).await {
        Ok(found) => {
            let heading = format!("{} at position {}", found.event_type, found.position);
            match page.wants_json {
                true => axum::Json(for_json(shared.payloads, found)).into_response(),
                false => page.answer(AT, &heading, (), || event(&page, shared.payloads, &found)),
            }
        }
        Err(error) => page.failed(&error),
    }
}

/// The payload as it is stored, as a file of plain text.
pub(super) async fn payload(State(shared): State<Shared>, Path(id): Path<Uuid>, page: Page) -> Response {
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

/// Returns an event, whole.
pub(super) fn event(page: &Page, payloads: Payloads, event: &EventView) -> Markup {
    html! {
        dl {
            dt { "Position" } dd { (event.position.value()) }
            dt { "Id" } dd { a href=(page.to_event(event.id)) { (event.id.to_string()) } }
            dt { "Type" } dd { (line(&event.event_type)) ", version " (event.schema_version) }
            dt { "Stream" } dd { a href=(page.to_stream(&event.stream)) { (line(&event.stream.to_string())) } ", version " (event.version) }
            dt { "Happened" } dd { (event.occurred_at.to_rfc3339()) }
            dt { "Stored" } dd { (event.recorded_at.to_rfc3339()) }
            @if let Some(id) = event.correlation_id { dt { "Correlation" } dd { (id.to_string()) } }
            @if let Some(id) = event.causation_id { dt { "Caused by" } dd { a href=(page.to_event(id)) { (id.to_string()) } } }
            @if let Some(actor) = &event.actor { dt { "Actor" } dd { (line(actor)) } }
            @if let Some(tenant) = &event.tenant { dt { "Tenant" } dd { (line(tenant)) } }
            @for (key, value) in &event.metadata {
                dt { (line(key)) } dd { (line(&payloads.value(value.clone()).to_string())) }
            }
            @if let Some(why) = &event.unreadable { dt { "Unreadable" } dd.bad { (line(why)) } }
        }
        pre { (payloads.text(&event.payload)) }
        @if payloads == Payloads::Shown { p { a href={ (page.to_event(event.id)) "/payload" } { "The payload as it is stored" } } }
    }
}

pub(super) async fn stream(
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
