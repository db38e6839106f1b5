//! The events of the log, the latest first.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use eventsource::admin::{AdminError, EventPage, EventView};
use eventsource::{EventFilter, Position};
use maud::{Markup, html};
use serde::Deserialize;

use super::{AT, for_json};
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::live::Part;
use crate::pages::letters::search::time;
use crate::pages::{ROWS, query};
use crate::text::line;

/// Which events are shown.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    before: Option<u64>,
    kind: String,
    aggregate: String,
    tenant: String,
    /// The time before which they were stored, in UTC.
    until: String,
}

impl Wanted {
    fn filter(&self) -> EventFilter {
        let mut filter = match self.kind.trim() {
            "" => EventFilter::all(),
            kind => EventFilter::types([kind.to_owned()]),
        };
        if !self.aggregate.trim().is_empty() {
            filter = filter.aggregates([self.aggregate.trim().to_owned()]);
        }
        match self.tenant.trim() {
            "" => filter,
            tenant => filter.tenant(tenant),
        }
    }

    fn fields(&self) -> [(&'static str, &str); 3] {
        [("kind", &self.kind), ("aggregate", &self.aggregate), ("tenant", &self.tenant)]
    }

    /// Returns whether the page shows the end of the log, which changes.
    fn is_tail(&self) -> bool {
        self.before.is_none() && self.until.trim().is_empty()
    }

    async fn read(&self, shared: &Shared) -> Result<Result<EventPage, String>, AdminError> {
        let mut before = self.before.map(Position::new);
        if before.is_none() && !self.until.trim().is_empty() {
            match time(self.until.trim()) {
                Ok(time) => before = shared.admin.position_at(time).await?,
                Err(text) => return Ok(Err(text)),
            }
        }
        shared.admin.events(before, &self.filter(), ROWS).await.map(Ok)
    }

    /// Returns the parts that change while the page is open. `None`: it cannot be read.
    pub(crate) async fn parts(&self, shared: &Shared, page: &Page) -> Option<Vec<Part>> {
        let found = self.read(shared).await.ok()?.ok()?;
        Some(vec![Part::new("caption", caption(&found.events)), Part::new("rows", rows(page, &found.events))])
    }
}

pub(in crate::pages) async fn page(State(shared): State<Shared>, Query(wanted): Query<Wanted>, page: Page) -> Response {
    let mut found = match wanted.read(&shared).await {
        Ok(Ok(found)) => found,
        Ok(Err(text)) => return page.problem(StatusCode::UNPROCESSABLE_ENTITY, &text),
        Err(error) => return page.failed(&error),
    };
    if page.wants_json {
        found.events = found.events.into_iter().map(|event| for_json(shared.payloads, event)).collect();
    }
    let page = match wanted.is_tail() {
        true => page.live(query([("of", "events")].into_iter().chain(wanted.fields())).trim_start_matches('?')),
        false => page,
    };
    page.answer(AT, "Events", &found, || whole(&page, &wanted, &found))
}

fn whole(page: &Page, wanted: &Wanted, found: &EventPage) -> Markup {
    html! {
        p { a href={ (page.root) "/event-types" } { "Event types" } " · " a href={ (page.root) "/streams" } { "Streams" } }
        form method="get" {
            label { "Type" input name="kind" value=(line(&wanted.kind)); }
            label { "Aggregate" input name="aggregate" value=(line(&wanted.aggregate)); }
            label { "Tenant" input name="tenant" value=(line(&wanted.tenant)); }
            label { "Stored before (UTC)" input type="datetime-local" name="until" value=(line(&wanted.until)); }
            button { "Show" }
        }
        table {
            caption #caption { (caption(&found.events)) }
            thead { tr {
                th.number scope="col" { "Position" } th scope="col" { "Type" } th scope="col" { "Stream" }
                th.number scope="col" { "Version" } th scope="col" { "Stored" }
            } }
            tbody #rows { (rows(page, &found.events)) }
        }
        @if found.more && let Some(last) = found.events.last() {
            @let before = last.position.value().to_string();
            p { a href={ (page.root) (AT) (query(wanted.fields().into_iter().chain([("before", &*before)]))) } { "Earlier events" } }
        }
    }
}

fn caption(events: &[EventView]) -> Markup {
    html! { (events.len()) " events, the latest first" }
}

fn rows(page: &Page, events: &[EventView]) -> Markup {
    html! {
        @for event in events { tr {
            td.number data-name="Position" { a href=(page.to_event(event.id)) { (event.position.value()) } }
            td data-name="Type" { (line(&event.event_type)) }
            td data-name="Stream" { a href=(page.to_stream(&event.stream)) { (line(&event.stream.to_string())) } }
            td.number data-name="Version" { (event.version) }
            td data-name="Stored" { (event.recorded_at.format("%Y-%m-%d %H:%M:%S UTC")) }
        } }
    }
}
