//! The kinds of failures, as short names: for the labels of metrics.

use crate::projection::{ErrorClass, HandlerError, HandlerPanicked, HandlerTimedOut};

/// Why an attempt to apply a batch has failed.
///
/// ```
/// use eventsource::subscription::FailureKind;
///
/// assert_eq!(FailureKind::Timeout.as_str(), "timeout");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// A handler returned a transient error, or two transactions were in conflict.
    Transient,
    /// A handler returned a permanent error, or ended the transaction of its batch.
    Permanent,
    /// A handler panicked.
    Panic,
    /// A handler exceeded its time limit.
    Timeout,
    /// A database or a service did not answer. It does not count as a failure of the event.
    Outage,
}

impl FailureKind {
    /// All kinds.
    pub const ALL: &'static [Self] = &[Self::Transient, Self::Permanent, Self::Panic, Self::Timeout, Self::Outage];

    /// Returns the name in snake case: `transient`, `permanent`, `panic`, `timeout` or `outage`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Permanent => "permanent",
            Self::Panic => "panic",
            Self::Timeout => "timeout",
            Self::Outage => "outage",
        }
    }

    /// Returns the kind of the error of a handler.
    ///
    /// ```
    /// use eventsource::HandlerError;
    /// use eventsource::subscription::FailureKind;
    ///
    /// let error = HandlerError::permanent("an order without a total");
    /// assert_eq!(FailureKind::of(&error), FailureKind::Permanent);
    /// ```
    #[must_use]
    pub fn of(error: &HandlerError) -> Self {
        match error.class() {
            _ if error.is_outage() => Self::Outage,
            _ if error.is_caused_by::<HandlerPanicked>() => Self::Panic,
            _ if error.is_caused_by::<HandlerTimedOut>() => Self::Timeout,
            ErrorClass::Permanent => Self::Permanent,
            ErrorClass::Transient => Self::Transient,
        }
    }
}

/// Why nothing was committed.
///
/// ```
/// use eventsource::subscription::CommitFailure;
///
/// assert_eq!(CommitFailure::Fenced.as_str(), "fenced");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CommitFailure {
    /// The database refused the changes of the handlers.
    Refused,
    /// A handler had ended the transaction, or had changed the settings of its connection.
    Session,
    /// Another process owns the checkpoint.
    Fenced,
    /// The checkpoint store did not answer, or could not write the changes.
    Outage,
}

impl CommitFailure {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Refused, Self::Session, Self::Fenced, Self::Outage];

    /// Returns the name in snake case: `refused`, `session`, `fenced` or `outage`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Session => "session",
            Self::Fenced => "fenced",
            Self::Outage => "outage",
        }
    }
}
