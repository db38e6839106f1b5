//! Log lines only.

use std::convert::Infallible;

use axum::http::HeaderMap;
use eventsource::CheckpointStore;
use eventsource::store::Observed;
use eventsource::subscription::ManagerBuilder;
use tracing::Span;

/// Logs are written until this is dropped.
pub struct Installed;

/// Writes the log lines of this process to standard error. Standard output has one line: the address of the server.
pub fn install() -> Result<Installed, Infallible> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_writer(std::io::stderr).init();
    Ok(Installed)
}

/// Makes the span of a request a child of the span of its client: here there are no traces.
pub fn adopt(_: &Span, _: &HeaderMap) {}

/// Connects appends with the traces of their requests: here there are none.
pub fn of_store<S>(store: Observed<S>) -> Observed<S> {
    store
}

/// Connects projections with the traces of their events: here there are none.
pub fn of_manager<C: CheckpointStore>(manager: ManagerBuilder<C>) -> ManagerBuilder<C> {
    manager
}
