//! One stream: its events, what each of them has in another form than the one before it, and the way to the steps.

use axum::extract::State;
use axum::response::Response;
use eventsource::StreamId;
use eventsource::admin::{AdminError, EventView, Overview, StreamPageView};
use maud::{Markup, html};
use serde::Serialize;
use uuid::Uuid;

use super::changes::Changes;
use super::{AT, event, for_json, steps};
use crate::address::{Path, Query};
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::pages::{After, ROWS};
use crate::text::line;

/// A page of a stream, with the differences.
#[derive(Serialize)]
struct View {
    #[serde(flatten)]
    found: StreamPageView,
    /// The difference to the version before it, for each version that has one.
    changes: Vec<Difference>,
}

/// The difference of a version to the one before it.
#[derive(Serialize)]
struct Difference {
    version: u64,
    #[serde(flatten)]
    changes: Changes,
}

pub(in crate::pages) async fn page(
    State(shared): State<Shared>,
    Path((kind, id)): Path<(String, Uuid)>,
    Query(After { after }): Query<After>,
    page: Page,
) -> Response {
    let stream = StreamId::new(kind, id);
    let (mut found, changes) = match read(&shared, &stream, after.unwrap_or(0)).await {
        Ok(read) => read,
        Err(error) => return page.failed(&error),
    };
    if page.wants_json {
        found.events = found.events.into_iter().map(|event| for_json(shared.payloads, event)).collect();
        let mask = |found: Difference| Difference { changes: found.changes.masked(shared.payloads), ..found };
        let view = View { found, changes: changes.into_iter().map(mask).collect() };
        return axum::response::IntoResponse::into_response(axum::Json(view));
    }
    let sample = shared.sampler.now().await.ok();
    page.answer(AT, &stream.to_string(), (), || {
        whole(&page, &shared, &stream, &found, &changes, sample.as_ref().map(|sample| &*sample.overview))
    })
}

/// Reads a page of the stream, and what each event differs in from the one before it.
async fn read(shared: &Shared, stream: &StreamId, after: u64) -> Result<(StreamPageView, Vec<Difference>), AdminError> {
    let found = shared.admin.stream(stream, after, ROWS).await?;
    // The first event is compared with the one before it.
    let before = match after.checked_sub(1).filter(|_| !found.events.is_empty()) {
        Some(before) => shared.admin.stream(stream, before, 1).await?.events,
        None => Vec::new(),
    };
    let events: Vec<_> = before.iter().chain(&found.events).collect();
    let changes = events.windows(2).filter_map(|pair| match pair {
        [before, after] => Some(Difference { version: after.version, changes: changes(before, after)? }),
        _ => None,
    });
    let changes = changes.collect();
    Ok((found, changes))
}

/// Returns the difference of two payloads. `None`: one of them is no JSON.
fn changes(before: &EventView, after: &EventView) -> Option<Changes> {
    let [before, after] = [before, after].map(|event| serde_json::from_str(&event.payload).ok());
    Some(Changes::between(&before?, &after?))
}

fn whole(
    page: &Page,
    shared: &Shared,
    stream: &StreamId,
    found: &StreamPageView,
    changes: &[Difference],
    overview: Option<&Overview>,
) -> Markup {
    html! {
        @if found.events.is_empty() { p { "The stream has no events here." } } @else if let Some(overview) = overview {
            (steps::form(page, stream, overview, ""))
        }
        @for found in &found.events {
            h2 { (line(&found.event_type)) ", version " (found.version) }
            (event(page, shared.payloads, found))
            @if let Some(found) = changes.iter().find(|changes| changes.version == found.version) { (difference(shared, found)) }
        }
        @if found.more && let Some(last) = found.events.last() {
            p { a href={ (page.to_stream(stream)) "?after=" (last.version) } { "Later events" } }
        }
    }
}

fn difference(shared: &Shared, found: &Difference) -> Markup {
    let Difference { version, changes } = found;
    html! {
        @if changes.fields.is_empty() { p.soft { "Its payload equals the one of version " (version - 1) "." } } @else {
            details {
                summary { "Compared with version " (version - 1) }
                (changes.table(shared.payloads, &format!("Fields of version {version} that differ from version {}", version - 1)))
            }
        }
    }
}
