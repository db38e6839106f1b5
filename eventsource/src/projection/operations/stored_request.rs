//! A stored request, and what has become of it.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::NewRequest;

/// A request, and what has become of it. All requests together are the record of what operators did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredRequest {
    /// The request.
    pub request: NewRequest,
    /// What has become of it.
    pub state: RequestState,
}

impl StoredRequest {
    /// Creates a request that waits.
    #[must_use]
    pub const fn waiting(request: NewRequest) -> Self {
        Self { request, state: RequestState::Waiting }
    }

    /// Returns the request in this state. Used by stores.
    #[must_use]
    pub fn in_state(self, state: RequestState) -> Self {
        Self { state, ..self }
    }

    /// Returns whether an owner with the epoch `epoch` may begin the request now: it waits and has not expired, or an
    /// owner with an earlier epoch began it and did not end it.
    #[must_use]
    pub fn may_be_taken(&self, epoch: u64, now: DateTime<Utc>) -> bool {
        match self.state {
            RequestState::Waiting => self.request.expires_at > now,
            RequestState::Taken { epoch: before, .. } => before < epoch,
            _ => false,
        }
    }
}

/// What has become of a request.
///
/// ```text
/// waiting -> taken -> done, refused
///         -> withdrawn, expired
/// ```
///
/// A request that an owner has taken and not ended can be taken again by an owner with a later epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RequestState {
    /// No owner has begun it.
    Waiting,
    /// An owner has begun it.
    Taken {
        /// The manager that began it.
        by: String,
        /// The epoch of its ownership.
        epoch: u64,
        /// When it began.
        at: DateTime<Utc>,
    },
    /// An owner has done it.
    Done {
        /// The manager that did it.
        by: String,
        /// What was done.
        answer: String,
        /// When it was done.
        at: DateTime<Utc>,
    },
    /// An owner did not do it.
    Refused {
        /// The manager that refused it.
        by: String,
        /// Why.
        answer: String,
        /// When it was refused.
        at: DateTime<Utc>,
    },
    /// The operator has withdrawn it before an owner began it.
    Withdrawn {
        /// When it was withdrawn.
        at: DateTime<Utc>,
    },
    /// No owner began it in time.
    Expired {
        /// When that was noted.
        at: DateTime<Utc>,
    },
}

impl RequestState {
    /// Returns the name of the state, such as `waiting`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Taken { .. } => "taken",
            Self::Done { .. } => "done",
            Self::Refused { .. } => "refused",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Expired { .. } => "expired",
        }
    }

    /// Returns the time at which the request ended; `None` if it is open.
    #[must_use]
    pub const fn ended_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Waiting | Self::Taken { .. } => None,
            Self::Done { at, .. } | Self::Refused { at, .. } | Self::Withdrawn { at } | Self::Expired { at } => {
                Some(*at)
            }
        }
    }

    /// Returns whether an owner may still begin or end the request.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Waiting | Self::Taken { .. })
    }
}

/// The name of the state, and the answer if there is one.
impl fmt::Display for RequestState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Done { answer, .. } | Self::Refused { answer, .. } => write!(f, ": {answer}"),
            _ => Ok(()),
        }
    }
}

/// How an owner ends a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Answer {
    /// It is done. The text says what was done.
    Done(String),
    /// It is not done. The text says why.
    Refused(String),
}

impl Answer {
    /// Returns the state of a request that the manager `by` answers at the time `at`.
    #[must_use]
    pub fn state(self, by: impl Into<String>, at: DateTime<Utc>) -> RequestState {
        let by = by.into();
        match self {
            Self::Done(answer) => RequestState::Done { by, answer, at },
            Self::Refused(answer) => RequestState::Refused { by, answer, at },
        }
    }

    /// Returns the text.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Done(text) | Self::Refused(text) => text,
        }
    }
}
