//! The streams of the log.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use eventsource::admin::{PlaceView, StreamListView};
use eventsource::store::StreamQuery;
use eventsource::text::counted;
use maud::{Markup, html};
use serde::Deserialize;

use crate::address::Query;
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::pages::letters::search::stream;
use crate::pages::{ROWS, query};
use crate::text::{line, time};

const AT: &str = "/streams";

/// Which streams are shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::pages) struct Wanted {
    /// The type of their aggregate.
    kind: String,
    /// The stream after which the page begins.
    after: String,
    /// The stream to go to.
    open: String,
}

pub(in crate::pages) async fn page(State(shared): State<Shared>, Query(wanted): Query<Wanted>, page: Page) -> Response {
    let given = |text: &str| match text.trim() {
        "" => Ok(None),
        text => stream(text).map(Some),
    };
    let (after, open) = match (given(&wanted.after), given(&wanted.open)) {
        (Ok(after), Ok(open)) => (after, open),
        (Err(text), _) | (_, Err(text)) => return page.problem(StatusCode::UNPROCESSABLE_ENTITY, &text),
    };
    if let Some(stream) = open {
        return Redirect::to(&page.to_stream(&stream)).into_response();
    }
    let mut asked = match wanted.kind.trim() {
        "" => StreamQuery::all(),
        kind => StreamQuery::of_type(kind),
    };
    if let Some(after) = &after {
        asked = asked.after(after);
    }
    match shared.admin.streams(&asked.limit(ROWS)).await {
        Ok(found) => page.answer(AT, "Streams", &found, || whole(&page, &wanted, &found)),
        Err(error) => page.failed(&error),
    }
}

fn whole(page: &Page, wanted: &Wanted, found: &StreamListView) -> Markup {
    html! {
        form method="get" {
            label { "Aggregate" input name="kind" value=(line(&wanted.kind)); }
            label { "Or one stream" input name="open" placeholder="Order/0192f0c1-…"; }
            button { "Show" }
        }
        table {
            caption { (counted(found.streams.len() as u64, "stream")) ", by type and id" }
            thead { tr {
                th scope="col" { "Stream" } th.number scope="col" { "Events" } th scope="col" { "First event" } th scope="col" { "Last event" }
            } }
            tbody {
                @for view in &found.streams { tr {
                    td data-name="Stream" { a href=(page.to_stream(&view.stream)) { (line(&view.stream.to_string())) } }
                    td.number data-name="Events" { (view.version) }
                    td data-name="First event" { (place(view.first)) }
                    td data-name="Last event" { (place(view.last)) }
                } }
            }
        }
        @if found.more && let Some(last) = found.streams.last() {
            @let after = last.stream.to_string();
            p { a href={ (page.root) (AT) (query([("kind", &*wanted.kind), ("after", &*after)])) } { "Next page" } }
        }
    }
}

fn place(place: PlaceView) -> Markup {
    html! {
        @match place.recorded_at {
            Some(at) => (time(at)),
            None => "at an unreadable time",
        }
        ", position " (place.position.value())
    }
}
