//! The HTTP server: its routes, and what they share.

mod errors;
mod orders;
mod probes;
mod span;
mod waiting;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use eventsource::AggregateRepository;
use eventsource::admin::Admin;
use eventsource::read_model::ReadRepository;
use eventsource::subscription::Health;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::domain::order::Order;
use crate::projections::orders::OrderRow;
use errors::Problem;

/// The largest body of a request, in bytes.
const LARGEST_BODY: usize = 16 * 1024;

/// What the routes need. It is the same for each database.
#[derive(Clone)]
pub struct Service {
    /// The write side.
    pub orders: AggregateRepository<Order>,
    /// The read side.
    pub rows: ReadRepository<OrderRow>,
    /// The name of the subscription that writes the rows.
    pub rows_name: Arc<str>,
    /// Waits for the rows, whichever process writes them.
    pub admin: Arc<dyn Admin>,
    /// Returns the health of this process, without a query.
    pub health: Arc<dyn Fn() -> Health + Send + Sync>,
    /// Renders the metrics of this process, without a query.
    pub metrics: PrometheusHandle,
}

pub fn router(service: Service) -> Router {
    Router::new()
        .route("/orders", get(orders::list).post(orders::place))
        .route("/orders/{id}", get(orders::show))
        .route("/orders/{id}/pay", post(orders::pay))
        .route("/orders/{id}/cancel", post(orders::cancel))
        .route("/live", get(probes::live))
        .route("/ready", get(probes::ready))
        .route("/metrics", get(probes::metrics))
        .fallback(|| async { Problem::no_route() })
        .method_not_allowed_fallback(|| async { Problem::no_method() })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn(span::in_span))
        .with_state(service)
}
