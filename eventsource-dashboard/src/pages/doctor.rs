//! The problems of the database and its subscriptions.

use axum::extract::State;
use axum::response::Response;
use eventsource::admin::Diagnosis;
use eventsource::projection::FindingLevel;
use maud::{Markup, html};

use crate::dashboard::Shared;
use crate::layout::Page;
use crate::text::line;

pub(super) async fn page(State(shared): State<Shared>, page: Page) -> Response {
    match shared.admin.diagnose().await {
        Ok(diagnosis) => page.answer("/doctor", "Doctor", &diagnosis, || findings(&diagnosis)),
        Err(error) => page.failed(&error),
    }
}

fn findings(diagnosis: &Diagnosis) -> Markup {
    html! {
        p { "Problems of the database and of the subscriptions, and what mends them. This page changes nothing." }
        @if diagnosis.findings.is_empty() {
            p { "No problems were found." }
        } @else {
            table {
                caption { "What was found, the worst first" }
                thead { tr {
                    th scope="col" { "Level" } th scope="col" { "Found" } th scope="col" { "Why it matters" } th scope="col" { "Remedy" }
                } }
                tbody {
                    @for finding in &diagnosis.findings { tr {
                        td data-name="Level" { (level(finding.level)) }
                        td data-name="Found" { (line(&finding.what)) }
                        td data-name="Why it matters" { (line(&finding.why)) }
                        td data-name="Remedy" { (line(&finding.remedy)) }
                    } }
                }
            }
        }
    }
}

/// Returns a level, with a sign and a colour.
fn level(level: FindingLevel) -> Markup {
    let (class, sign, name) = match level {
        FindingLevel::Error => ("bad", "✕", "error"),
        FindingLevel::Warning => ("wait", "◐", "warning"),
        _ => ("good", "●", "note"),
    };
    html! { span.state.(class) { span aria-hidden="true" { (sign) } " " (name) } }
}
