//! The dead letters of all subscriptions, in numbers.

use axum::extract::State;
use axum::response::Response;
use eventsource::admin::{LetterGroupsView, Overview};
use eventsource::projection::LetterSearch;
use eventsource::text::bounded;
use maud::{Markup, html};

use super::AT;
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::live::Part;
use crate::pages::overview::Dated;
use crate::text::line;

pub(in crate::pages) async fn page(State(shared): State<Shared>, page: Page) -> Response {
    match shared.sampler.now().await {
        Ok(sample) => {
            let page = Page { trouble: sample.trouble(), ..page.live("of=letters") };
            let view =
                Dated { overview: &sample.overview, appended_a_minute: None, trouble: sample.trouble.as_deref() };
            let groups = match page.wants_json || sample.trouble.is_some() {
                true => None,
                false => shared.admin.letter_groups(&LetterSearch::default().waiting()).await.ok(),
            };
            page.answer(AT, "Dead letters", view, || {
                html! {
                    (counts(&page, &sample.overview))
                    @if let Some(groups) = &groups { (by_error(groups)) }
                }
            })
        }
        Err(missed) => page.missed(&missed),
    }
}

/// Returns the parts that change while the page is open.
pub(crate) fn parts(page: &Page, overview: &Overview) -> Vec<Part> {
    vec![Part::new("rows", numbers(page, overview))]
}

fn counts(page: &Page, overview: &Overview) -> Markup {
    html! {
        p { "An event that a projection could not apply is a dead letter. The later events of its stream wait behind it." }
        table {
            caption { "Dead letters by subscription" }
            thead { tr { th scope="col" { "Subscription" } th.number scope="col" { "Waiting" } th.number scope="col" { "Events behind them" } } }
            tbody #rows { (numbers(page, overview)) }
        }
    }
}

fn numbers(page: &Page, overview: &Overview) -> Markup {
    html! {
        @for view in &overview.subscriptions { tr {
            td data-name="Subscription" { a href={ (page.to_subscription(&view.name)) "/letters" } { (line(&view.name)) } }
            td.number data-name="Waiting" { (bounded(view.letters)) }
            td.number data-name="Events behind them" { (bounded(view.held)) }
        } }
    }
}

/// The waiting letters of all subscriptions, by their error. Those in the memory of other processes are not among them.
fn by_error(groups: &LetterGroupsView) -> Markup {
    html! {
        @if !groups.groups.is_empty() {
            table {
                caption { "Waiting letters of all subscriptions, by error and event type" }
                thead { tr { th.number scope="col" { "Letters" } th scope="col" { "Error" } th scope="col" { "Event type" } } }
                tbody {
                    @for group in &groups.groups { tr {
                        td.number data-name="Letters" { (group.letters) }
                        td data-name="Error" { (line(&group.error)) }
                        td data-name="Event type" { (line(&group.event_type)) }
                    } }
                }
            }
        }
    }
}
