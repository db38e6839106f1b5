//! The error of buses.

use std::error::Error;

/// The error of an event bus or a notifier. Stored events stay stored. The cause is its [`source`](Error::source).
///
/// ```
/// use eventsource::bus::BusError;
///
/// let error = BusError::new("publish 3 events", "connection refused");
/// assert_eq!(error.to_string(), "the event bus could not publish 3 events");
/// ```
#[derive(Debug, thiserror::Error)]
#[error("the event bus could not {action}")]
#[non_exhaustive]
pub struct BusError {
    /// What was asked, such as `publish 3 events`.
    pub action: String,
    /// The cause.
    pub source: Box<dyn Error + Send + Sync>,
}

impl BusError {
    /// Creates the error of a bus that could not `action` because of `source`.
    ///
    /// # Examples
    /// ```
    /// use std::io::{Error, ErrorKind};
    ///
    /// use eventsource::bus::BusError;
    ///
    /// let error = BusError::new("publish 3 events", Error::from(ErrorKind::ConnectionRefused));
    /// assert_eq!(error.action, "publish 3 events");
    /// ```
    pub fn new(action: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { action: action.into(), source: source.into() }
    }
}
