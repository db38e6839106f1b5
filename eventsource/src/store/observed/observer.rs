//! The observer of the write side, and what it is told.

use std::sync::Arc;
use std::time::Duration;

use crate::store::{AppendError, LoadSeen};

/// Receives what the write side does: for metrics and tests.
///
/// Each method is empty by default. The task that appends calls it, so it must not block. A panic is caught, and the
/// first one is logged. [`Observed`](super::Observed) has an example.
pub trait WriteObserver: Send + Sync + 'static {
    /// An append has ended.
    fn appended(&self, _seen: &AppendSeen<'_>) {}

    /// A repository has loaded an aggregate in its present state.
    fn loaded(&self, _seen: &LoadSeen<'_>) {}
}

impl<O: WriteObserver + ?Sized> WriteObserver for Arc<O> {
    fn appended(&self, seen: &AppendSeen<'_>) {
        (**self).appended(seen);
    }

    fn loaded(&self, seen: &LoadSeen<'_>) {
        (**self).loaded(seen);
    }
}

/// An append that has ended, of one stream or of several.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AppendSeen<'a> {
    /// The type of the aggregates; `None` if the streams have several types.
    pub aggregate_type: Option<&'a str>,
    /// The types of the stored events. Empty after a failure.
    pub event_types: &'a [&'a str],
    /// How long the append took.
    pub duration: Duration,
    /// Why nothing was stored, if so.
    pub failure: Option<AppendFailure>,
}

/// Why an append has stored nothing.
///
/// ```
/// use eventsource::store::AppendFailure;
///
/// assert_eq!(AppendFailure::Conflict.as_str(), "conflict");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AppendFailure {
    /// Another writer has changed the stream.
    Conflict,
    /// An event with the same id exists.
    Duplicate,
    /// The caller passed events that no store accepts.
    Refused,
    /// The store has failed. The events may be stored, if only the answer was lost.
    Store,
}

impl AppendFailure {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Conflict, Self::Duplicate, Self::Refused, Self::Store];

    /// Returns the name in snake case: `conflict`, `duplicate`, `refused` or `store`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::Duplicate => "duplicate",
            Self::Refused => "refused",
            Self::Store => "store",
        }
    }

    pub(super) const fn of(error: &AppendError) -> Self {
        match error {
            AppendError::Conflict { .. } => Self::Conflict,
            AppendError::DuplicateEvent { .. } => Self::Duplicate,
            AppendError::Store(_) => Self::Store,
            AppendError::Empty { .. }
            | AppendError::ForeignEvent { .. }
            | AppendError::Unstorable { .. }
            | AppendError::StreamTwice { .. } => Self::Refused,
        }
    }
}
