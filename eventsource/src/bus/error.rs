//! What a bus can fail with.

use std::error::Error;

/// A bus or a notifier did not do what was asked. Stored events stay stored.
#[derive(Debug, thiserror::Error)]
#[error("the event bus could not {action}: {source}")]
#[non_exhaustive]
pub struct BusError {
    /// What was asked, such as `publish 3 events`.
    pub action: String,
    /// Why it was not done.
    pub source: Box<dyn Error + Send + Sync>,
}

impl BusError {
    /// The error of a bus that could not `action` because of `source`.
    pub fn new(action: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { action: action.into(), source: source.into() }
    }
}
