//! The events of the log, the latest first: its end, which is kept current, and the pages before it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use eventsource::admin::EventView;
use eventsource::text::counted;
use maud::{Markup, html};

use super::wanted::{Found, Unread, Wanted};
use super::{AT, for_json};
use crate::address::Query;
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::live::Part;
use crate::pages::query;
use crate::text::{line, time};

pub(in crate::pages) async fn page(State(shared): State<Shared>, Query(wanted): Query<Wanted>, page: Page) -> Response {
    let mut found = match wanted.read(&shared).await {
        Ok(found) => found,
        Err(Unread::Mistake(text)) => return page.problem(StatusCode::UNPROCESSABLE_ENTITY, &text),
        Err(Unread::Failed(error)) => return page.failed(&error),
    };
    if page.wants_json {
        found.page.events = found.page.events.into_iter().map(|event| for_json(shared.payloads, event)).collect();
    }
    let page = match wanted.is_tail() {
        true => page.live(query([("of", "events")].into_iter().chain(wanted.fields())).trim_start_matches('?')),
        false => page,
    };
    let page = Page { has_controls: true, ..page };
    page.answer(AT, "Events", &found.page, || whole(&page, &wanted, &found))
}

/// Returns the parts that change while the page is open. `None`: it cannot be read.
pub(crate) async fn parts(wanted: &Wanted, shared: &Shared, page: &Page) -> Option<Vec<Part>> {
    let found = wanted.read(shared).await.ok()?;
    Some(vec![
        Part::new("caption", caption(&found.page.events)),
        Part::new("rows", rows(page, &found.page.events)),
        Part::new("others", others(page, wanted, &found)),
    ])
}

fn whole(page: &Page, wanted: &Wanted, found: &Found) -> Markup {
    html! {
        p { a href={ (page.root) "/event-types" } { "Event types" } " · " a href={ (page.root) "/streams" } { "Streams" } }
        form method="get" {
            label { "Type" input name="kind" value=(line(&wanted.kind)); }
            label { "Aggregate" input name="aggregate" value=(line(&wanted.aggregate)); }
            label { "Tenant" input name="tenant" value=(line(&wanted.tenant)); }
            label { "Stored from (UTC)" input type="datetime-local" name="from" value=(line(&wanted.from)); }
            label { "Stored before (UTC)" input type="datetime-local" name="until" value=(line(&wanted.until)); }
            label { "Up to position" input name="position" inputmode="numeric" value=(line(&wanted.position)); }
            button { "Show" }
        }
        @if wanted.is_tail() { div.tail { (page.controls()) } }
        table {
            caption #caption { (caption(&found.page.events)) }
            thead { tr {
                th.number scope="col" { "Position" } th scope="col" { "Type" } th scope="col" { "Stream" }
                th.number scope="col" { "Version" } th scope="col" { "Stored" }
            } }
            tbody #rows { (rows(page, &found.page.events)) }
        }
        p #others { (others(page, wanted, found)) }
    }
}

fn caption(events: &[EventView]) -> Markup {
    html! { (counted(events.len() as u64, "event")) ", the latest first" }
}

fn rows(page: &Page, events: &[EventView]) -> Markup {
    html! {
        @for event in events { tr {
            td.number data-name="Position" { a href=(page.to_event(event.id)) { (event.position.value()) } }
            td data-name="Type" { (line(&event.event_type)) }
            td data-name="Stream" { a href=(page.to_stream(&event.stream)) { (line(&event.stream.to_string())) } }
            td.number data-name="Version" { (event.version) }
            td data-name="Stored" { (time(event.recorded_at)) }
        } }
    }
}

/// The ways to other pages with the same filters.
fn others(page: &Page, wanted: &Wanted, found: &Found) -> Markup {
    let to = |more: &[(&'static str, &str)]| {
        let fields = wanted.fields().into_iter().chain(more.iter().copied());
        format!("{}{AT}{}", page.root, query(fields))
    };
    let [newest, oldest] = [found.page.events.first(), found.page.events.last()]
        .map(|event| event.map(|event| event.position.value().to_string()));
    html! {
        @if wanted.is_later_page() { a href=(to(&[])) { "Newest events" } " " }
        @if found.has_newer && let Some(after) = &newest { a href=(to(&[("after", after)])) { "Newer events" } " " }
        @if found.has_older && let Some(before) = &oldest { a href=(to(&[("before", before)])) { "Older events" } }
    }
}
