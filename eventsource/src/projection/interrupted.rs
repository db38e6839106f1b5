//! The errors of a handler that was interrupted: by its panic, or by its time limit.

use std::any::Any;
use std::time::Duration;

use super::HandlerError;
use crate::panics;

/// A handler panicked. Its fields may be half changed.
///
/// ```
/// use eventsource::HandlerError;
/// use eventsource::projection::HandlerPanicked;
///
/// fn panicked(error: &HandlerError) -> bool {
///     error.is_caused_by::<HandlerPanicked>()
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the handler panicked: {message}")]
#[non_exhaustive]
pub struct HandlerPanicked {
    /// The message of the panic.
    pub message: String,
}

/// A handler exceeded its time limit and was cancelled.
///
/// ```
/// use eventsource::HandlerError;
/// use eventsource::projection::HandlerTimedOut;
///
/// fn timed_out(error: &HandlerError) -> bool {
///     error.is_caused_by::<HandlerTimedOut>()
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the handler was not done within {after:?}: see `SubscriptionConfig::handler_timeout`")]
#[non_exhaustive]
pub struct HandlerTimedOut {
    /// The time limit.
    pub after: Duration,
}

impl HandlerError {
    /// Creates the error of a handler that panicked with `message`. It is permanent: a retry would panic again.
    pub(crate) fn panicked(message: impl Into<String>) -> Self {
        Self::permanent(HandlerPanicked { message: message.into() })
    }

    /// Creates the error of a caught panic.
    #[cold]
    pub(crate) fn from_panic(panic: &(dyn Any + Send)) -> Self {
        Self::panicked(panics::message(panic))
    }

    /// Creates the error of a handler that exceeded its time limit. It is transient.
    pub(crate) fn timed_out(after: Duration) -> Self {
        Self::transient(HandlerTimedOut { after })
    }

    /// Returns whether the handler was interrupted, so that its fields may be half changed.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.is_caused_by::<HandlerPanicked>() || self.is_caused_by::<HandlerTimedOut>()
    }
}
