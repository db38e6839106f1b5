//! How a runner has ended.

use std::sync::Arc;

use crate::projection::CommitError;
use crate::subscription::failure::restarts::NextRestart;
use crate::subscription::{Failure, StopReason, SubscriptionState};

/// How a runner has ended.
pub(in crate::subscription) struct Ended {
    pub(in crate::subscription) exit: Exit,
    /// Fails if a stop could not save the last checkpoint.
    pub(in crate::subscription) saved: Result<(), CommitError>,
}

/// Why a runner has ended.
pub(in crate::subscription) enum Exit {
    Stopped(StopReason),
    Faulted(Arc<Failure>),
    /// It has faulted, and the next runner starts later.
    Restarting(Arc<Failure>, NextRestart),
    /// It may not run, for this reason.
    Refused(Arc<str>),
    /// Another runner took over the checkpoint for the second time within a minute.
    FencedAgain(Arc<str>),
}

impl Exit {
    /// Returns the public state after the end.
    pub(in crate::subscription) fn public_state(&self) -> SubscriptionState {
        match self {
            Self::Stopped(reason) => SubscriptionState::Stopped { reason: *reason },
            Self::Faulted(failure) => SubscriptionState::Faulted { failure: Arc::clone(failure) },
            Self::Restarting(failure, NextRestart { attempt, attempts, at, .. }) => SubscriptionState::Restarting {
                failure: Arc::clone(failure),
                attempt: *attempt,
                attempts: *attempts,
                at: *at,
            },
            Self::Refused(reason) => SubscriptionState::Refused { reason: Arc::clone(reason) },
            Self::FencedAgain(reason) => SubscriptionState::FencedAgain { reason: Arc::clone(reason) },
        }
    }

    /// Returns the text of the failure, if the end is one.
    pub(super) fn failure(&self) -> Option<Arc<str>> {
        match self {
            Self::Stopped(_) => None,
            Self::Faulted(failure) | Self::Restarting(failure, _) => Some(failure.to_string().into()),
            Self::Refused(reason) | Self::FencedAgain(reason) => Some(Arc::clone(reason)),
        }
    }
}
