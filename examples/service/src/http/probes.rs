//! `/live` and `/ready`, for the probes of an orchestrator, and `/metrics`, for Prometheus. They read memory only: no query.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::Service;

/// Answers 503 if a restart of the process helps.
pub async fn live(State(service): State<Service>) -> Response {
    let health = (service.health)();
    (status(health.live), Json(health)).into_response()
}

/// Answers 503 if the rows are too far behind for reads.
pub async fn ready(State(service): State<Service>) -> Response {
    let health = (service.health)();
    (status(health.ready), Json(health)).into_response()
}

/// The metrics of this process, in the text format of Prometheus.
pub async fn metrics(State(service): State<Service>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], service.metrics.render()).into_response()
}

const fn status(is_fine: bool) -> StatusCode {
    if is_fine { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
