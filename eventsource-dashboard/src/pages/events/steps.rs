//! The stepper: what each event of a stream changes in a projection.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use eventsource::StreamId;
use eventsource::admin::Overview;
use eventsource::projection::{TrialRow, TrialRows};
use eventsource::subscription::plan::{RowChange, RowChangeKind, Step, StepChanges, StepOutcome, StepState, Steps};
use eventsource::text::counted;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::AT;
use super::changes::{Changes, value};
use crate::address::{Path, Query};
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::pages::query;
use crate::payload::Payloads;
use crate::text::{line, visible};

/// The number of steps of a page.
const STEPS: usize = 50;

/// Which steps are shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::pages) struct Wanted {
    projection: String,
    after: u64,
}

pub(in crate::pages) async fn page(
    State(shared): State<Shared>,
    Path((kind, id)): Path<(String, Uuid)>,
    Query(wanted): Query<Wanted>,
    page: Page,
) -> Response {
    let stream = StreamId::new(kind, id);
    let steps = match shared.admin.steps(&wanted.projection, &stream, wanted.after, STEPS).await {
        Ok(steps) => steps,
        Err(error) => return page.failed(&error),
    };
    if page.wants_json {
        return axum::Json(masked(shared.payloads, steps)).into_response();
    }
    let sample = shared.sampler.now().await.ok();
    let heading = format!("{} over {stream}", steps.subscription);
    page.answer(AT, &heading, (), || {
        html! {
            p { a href=(page.to_stream(&stream)) { (line(&stream.to_string())) } " · " a href=(page.to_subscription(&steps.subscription)) { (line(&steps.subscription)) } }
            @if let Some(sample) = &sample { (form(&page, &stream, &sample.overview, &steps.subscription)) }
            (whole(&page, shared.payloads, &steps))
        }
    })
}

/// Returns the form that chooses the projection.
pub(super) fn form(page: &Page, stream: &StreamId, overview: &Overview, chosen: &str) -> Markup {
    html! {
        @if !overview.subscriptions.is_empty() {
            form method="get" action={ (page.to_stream(stream)) "/steps" } {
                label { "Projection" select name="projection" {
                    @for view in &overview.subscriptions { option value=(view.name) selected[view.name == chosen] { (line(&view.name)) } }
                } }
                button { "Step through the stream" }
            }
        }
    }
}

fn whole(page: &Page, payloads: Payloads, steps: &Steps) -> Markup {
    html! {
        p.soft {
            "Each event of this stream is applied to an empty copy of the projection, which is thrown away: nothing is changed. "
            "Events of other streams are not applied. After a failed event, the next one is applied as if the failed one was dismissed."
        }
        @if steps.failed_before > 0 { p.notice { (counted(steps.failed_before, "earlier event")) " failed." } }
        @if steps.after > 0 {
            h2 { "After version " (steps.after) }
            (state(payloads, &steps.before))
        }
        @if steps.steps.is_empty() && steps.cut_short.is_none() { p { "The stream has no events here." } }
        @for step in &steps.steps { (one(page, payloads, step)) }
        @if let Some(reason) = &steps.cut_short { p.notice { "The steps end here: " (line(reason)) "." } }
        @if steps.more && steps.cut_short.is_none() && let Some(last) = steps.steps.last() {
            @let after = last.version.to_string();
            p { a href={ (page.to_stream(&steps.stream)) "/steps" (query([("projection", &*steps.subscription), ("after", &*after)])) } { "Later events" } }
        }
    }
}

fn one(page: &Page, payloads: Payloads, step: &Step) -> Markup {
    html! {
        h2 { (line(&step.event_type)) ", version " (step.version) }
        p {
            (outcome(&step.outcome)) ", position "
            a href=(page.to_event(step.event_id)) { (step.position.value()) }
        }
        @if let StepOutcome::Failed { errors } = &step.outcome { ol { @for error in errors { li { (visible(error)) } } } }
        @match &step.changes {
            StepChanges::Nothing {} => p.soft { "Nothing was changed." },
            StepChanges::Rows { rows } => (table(payloads, step.version, rows)),
            StepChanges::Json { before, after } => {
                (Changes::between(before, after).table(payloads, &format!("What version {} has changed in the state", step.version)))
            }
            StepChanges::Text { before, after } => {
                p { "The state before:" } pre tabindex="0" aria-label="State before" { (text(payloads, before)) }
                p { "The state after:" } pre tabindex="0" aria-label="State after" { (text(payloads, after)) }
            }
            _ => p.soft { "The state cannot be shown: its type implements neither " code { "Serialize" } " nor " code { "Debug" } ", or the handler was cut off." },
        }
    }
}

/// Returns an outcome, with a sign and a colour.
fn outcome(outcome: &StepOutcome) -> Markup {
    let (class, sign, name) = match outcome {
        StepOutcome::Handled {} => ("good", "●", "handled"),
        StepOutcome::Failed { .. } => ("bad", "✕", "failed"),
        _ => ("wait", "○", "passed over: the projection does not handle it"),
    };
    html! { span.(class) { span aria-hidden="true" { (sign) } " " (name) } }
}

fn table(payloads: Payloads, version: u64, rows: &[RowChange]) -> Markup {
    html! {
        table {
            caption { "Rows that version " (version) " has changed" }
            thead { tr { th scope="col" { "Row" } th scope="col" { "Column" } th scope="col" { "Before" } th scope="col" { "After" } } }
            tbody {
                @for row in rows { @for column in &row.columns { tr {
                    td data-name="Row" { (line(&row.table)) " " (text(payloads, &row.id)) @match row.kind {
                        RowChangeKind::Inserted => ", new",
                        RowChangeKind::Deleted => ", deleted",
                        _ => {},
                    } }
                    td data-name="Column" { (line(&column.column)) }
                    td data-name="Before" { (value(payloads, column.before.as_ref())) }
                    td data-name="After" { (value(payloads, column.after.as_ref())) }
                } } }
            }
        }
    }
}

fn state(payloads: Payloads, state: &StepState) -> Markup {
    let json =
        |value: &Value| visible(&serde_json::to_string_pretty(&payloads.value(value.clone())).unwrap_or_default());
    html! {
        @match state {
            StepState::Rows { tables } => @for table in tables { (rows(payloads, table)) },
            StepState::Json { state } => pre tabindex="0" aria-label="State" { (json(state)) },
            StepState::Text { state } => pre tabindex="0" aria-label="State" { (text(payloads, state)) },
            _ => p.soft { "The state cannot be shown." },
        }
    }
}

fn rows(payloads: Payloads, table: &TrialRows) -> Markup {
    html! {
        table {
            caption { (line(&table.table)) ": " @if table.more { "more than " } (counted(table.rows.len() as u64, "row")) }
            thead { tr { th scope="col" { "Row" } th scope="col" { "Column" } th scope="col" { "Value" } } }
            tbody {
                @for row in &table.rows { @for column in &row.columns { tr {
                    td data-name="Row" { (text(payloads, &row.id)) }
                    td data-name="Column" { (line(&column.column)) }
                    td data-name="Value" { (value(payloads, Some(&column.value))) }
                } } }
            }
        }
    }
}

/// Returns a text of the state, which can be a value of an event.
fn text(payloads: Payloads, text: &str) -> String {
    visible(&hide(payloads, text.to_owned()))
}

fn hide(payloads: Payloads, text: String) -> String {
    match payloads.value(Value::String(text)) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// Masks steps, for JSON.
fn masked(payloads: Payloads, mut steps: Steps) -> Steps {
    match &mut steps.before {
        StepState::Rows { tables } => {
            for TrialRow { id, columns, .. } in tables.iter_mut().flat_map(|table| &mut table.rows) {
                *id = hide(payloads, std::mem::take(id));
                columns.iter_mut().for_each(|column| column.value = payloads.value(column.value.take()));
            }
        }
        StepState::Json { state } => *state = payloads.value(state.take()),
        StepState::Text { state } => *state = hide(payloads, std::mem::take(state)),
        _ => {}
    }
    for step in &mut steps.steps {
        match &mut step.changes {
            StepChanges::Rows { rows } => {
                for RowChange { id, columns, .. } in rows {
                    *id = hide(payloads, std::mem::take(id));
                    for column in columns {
                        column.before = column.before.take().map(|value| payloads.value(value));
                        column.after = column.after.take().map(|value| payloads.value(value));
                    }
                }
            }
            StepChanges::Json { before, after } => {
                *before = payloads.value(before.take());
                *after = payloads.value(after.take());
            }
            StepChanges::Text { before, after } => {
                *before = hide(payloads, std::mem::take(before));
                *after = hide(payloads, std::mem::take(after));
            }
            _ => {}
        }
    }
    steps
}
