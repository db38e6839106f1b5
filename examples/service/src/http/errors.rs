//! Errors as `application/problem+json` (RFC 9457).

use std::error::Error;

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use eventsource::admin::AdminError;
use eventsource::aggregate::ExecuteError;
use eventsource::store::{AppendError, StoreError};
use eventsource::{AggregateError, ReadModelError, WaitError, causes};
use serde::Serialize;

use crate::domain::order::OrderError;

/// A problem, as the client sees it. It contains nothing about the inside of the service.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// Names the kind of problem, for programs. It never changes.
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    detail: String,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: impl ToString) -> Self {
        Self { kind, title, status, detail: detail.to_string() }
    }

    fn bad_request(status: StatusCode, detail: impl ToString) -> Self {
        Self::new(status, "/problems/bad-request", "The request cannot be read", detail)
    }

    pub fn no_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "/problems/no-route", "There is no such route", "look at the list of routes")
    }

    pub fn no_method() -> Self {
        let title = "The route has no such method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "/problems/no-method", title, "use a method of the header `allow`")
    }

    pub fn no_order() -> Self {
        let detail = "place the order first, or send the `position-token` of its answer";
        Self::new(StatusCode::NOT_FOUND, "/problems/no-order", "There is no such order", detail)
    }

    pub fn bad_token(error: impl Error) -> Self {
        Self::bad_request(StatusCode::BAD_REQUEST, format!("the header `position-token`: {error}"))
    }

    pub fn bad_parameter(detail: impl ToString) -> Self {
        Self::bad_request(StatusCode::BAD_REQUEST, detail)
    }

    /// The same command was given before, with another body.
    pub fn other_body() -> Self {
        let title = "The command was given before, with another body";
        Self::new(StatusCode::CONFLICT, "/problems/other-body", title, "read the order, or use another id")
    }

    /// A store failed: the request can be sent again.
    fn unavailable(error: &(dyn Error + 'static)) -> Self {
        tracing::error!("a request failed, and can be sent again: {}", causes(error));
        let detail = "send the request again later: it is not executed twice";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "/problems/unavailable", "The service is unavailable", detail)
    }

    /// An error that a repetition does not help.
    fn internal(error: &(dyn Error + 'static)) -> Self {
        tracing::error!("a request failed: {}", causes(error));
        let detail = "the log of the service has the reason";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "/problems/internal", "The service failed", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<ExecuteError<OrderError>> for Problem {
    fn from(error: ExecuteError<OrderError>) -> Self {
        match error {
            ExecuteError::Refused(reason) => reason.into(),
            ExecuteError::Aggregate(
                AggregateError::Store(error) | AggregateError::Append(AppendError::Store(error)),
            ) => error.into(),
            contended @ ExecuteError::Contended { .. } => Self::unavailable(&contended),
            other => Self::internal(&other),
        }
    }
}

impl From<OrderError> for Problem {
    fn from(error: OrderError) -> Self {
        let (status, kind, title) = match error {
            OrderError::Missing => return Self::no_order(),
            OrderError::AlreadyPlaced => (StatusCode::CONFLICT, "/problems/placed", "The order was placed already"),
            OrderError::Paid => (StatusCode::CONFLICT, "/problems/paid", "The order is paid"),
            OrderError::Cancelled => (StatusCode::CONFLICT, "/problems/cancelled", "The order is cancelled"),
            OrderError::Text { .. } | OrderError::Total => {
                (StatusCode::UNPROCESSABLE_ENTITY, "/problems/invalid", "A value is not allowed")
            }
        };
        Self::new(status, kind, title, error)
    }
}

impl From<AdminError> for Problem {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::OtherLog { .. } | AdminError::Wait(WaitError::OtherLog { .. }) => {
                Self::bad_parameter("the header `position-token` is of another service: leave it out")
            }
            // A dead letter, a pause, a fault or an outage: the rows get there when an operator has acted.
            other => Self::unavailable(&other),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::unavailable(&error)
    }
}

impl From<ReadModelError> for Problem {
    fn from(error: ReadModelError) -> Self {
        match error {
            ReadModelError::CursorOfAnotherQuery { .. } => Self::bad_parameter(error),
            other => Self::unavailable(&other),
        }
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        Self::bad_request(rejection.status(), rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::bad_request(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request(rejection.status(), rejection.body_text())
    }
}
