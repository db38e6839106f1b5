//! What the database driver logs of its statements, from whatever thread.

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Hands what the driver logs of each statement to a function. It is set for the whole process:
/// [`tracing::subscriber::set_global_default`].
#[derive(Debug)]
pub struct DriverLog<F>(pub F);

impl<F: Fn(&Event<'_>) + Send + Sync + 'static> Subscriber for DriverLog<F> {
    fn enabled(&self, site: &Metadata<'_>) -> bool {
        site.target() == "sqlx::query"
    }

    fn event(&self, event: &Event<'_>) {
        self.0(event);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
