//! Answers: a page, its JSON, or an error in either form.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use eventsource::admin::AdminError;
use eventsource::subscription::plan::StepError;
use maud::{Markup, html};
use serde::Serialize;

use crate::layout::Page;
use crate::live::Missed;
use crate::text::line;

impl Page {
    /// Answers with the page, or with `view` as JSON.
    pub(crate) fn answer(
        &self,
        at: &str,
        heading: &str,
        view: impl Serialize,
        content: impl FnOnce() -> Markup,
    ) -> Response {
        match self.wants_json {
            true => Json(view).into_response(),
            false => self.html(at, heading, &content()).into_response(),
        }
    }

    /// Answers with an error.
    pub(crate) fn failed(&self, error: &AdminError) -> Response {
        let text = eventsource::causes(error).to_string();
        let status = status(error);
        if status.is_server_error() {
            tracing::warn!(error = %text, "a page of the dashboard failed");
        }
        self.problem(status, &text)
    }

    /// Answers that there is no sample.
    pub(crate) fn missed(&self, missed: &Missed) -> Response {
        match missed {
            Missed::Failed(error) => self.failed(error),
            Missed::Late => {
                self.problem(StatusCode::GATEWAY_TIMEOUT, &format!("The database does not answer. {missed}"))
            }
        }
    }

    /// Answers with a problem.
    pub(crate) fn problem(&self, status: StatusCode, text: &str) -> Response {
        if self.wants_json {
            let body = serde_json::json!({ "format": 1, "error": text });
            return (status, Json(body)).into_response();
        }
        let content = html! {
            p.notice role="alert" { (line(text)) }
            p { a href=(self.to("")) { "All subscriptions" } }
        };
        (status, self.html("", status.canonical_reason().unwrap_or("Error"), &content)).into_response()
    }
}

const fn status(error: &AdminError) -> StatusCode {
    match error {
        AdminError::UnknownSubscription { .. }
        | AdminError::UnknownLetter { .. }
        | AdminError::UnknownEvent { .. }
        | AdminError::UnknownRequest { .. } => StatusCode::NOT_FOUND,
        AdminError::InMemory { .. }
        | AdminError::Refused { .. }
        | AdminError::Held { .. }
        | AdminError::NeedsCode { .. } => StatusCode::CONFLICT,
        AdminError::NotServed { .. } | AdminError::Unfinished { .. } | AdminError::Behind { .. } => {
            StatusCode::GATEWAY_TIMEOUT
        }
        AdminError::Steps(error) => match error {
            StepError::Unknown { .. } => StatusCode::NOT_FOUND,
            StepError::NotTried { .. } => StatusCode::CONFLICT,
            StepError::TooFar { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            StepError::TooSlow { .. } => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        },
        AdminError::Unsupported => StatusCode::NOT_IMPLEMENTED,
        _ => StatusCode::BAD_GATEWAY,
    }
}
