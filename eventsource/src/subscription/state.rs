//! The states of a subscription, and their reasons.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::RebuildKind;
use crate::event::{Position, StreamId};
use crate::projection::{HandlerError, LetterCounts, times};

/// What a subscription is doing. Every state but the two in which it works as it should carries its reason ([nothing is silent](crate::guarantees#nothing-is-silent)).
///
/// It is a state machine, and each change of the state is logged:
///
#[doc = include_str!("states.md")]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SubscriptionState {
    /// It is subscribed, and the manager was not started since.
    Idle,
    /// It reads what was stored before.
    CatchingUp,
    /// It has reached the end of the log, and applies what is stored as it comes.
    Live,
    /// Its read model is being rebuilt: see [`SubscriptionStatus::rebuild`](super::SubscriptionStatus::rebuild).
    Rebuilding {
        /// How.
        kind: RebuildKind,
        /// Up to where.
        target: Position,
    },
    /// Dead letters are being retried, in batches and in turns with new events.
    RetryingLetters {
        /// How many events were applied for the request so far: letters, and what had waited behind them.
        applied: u64,
        /// How many letters are left to be retried. More than
        /// [`LetterCounts::MOST`](crate::projection::LetterCounts::MOST) may not have been counted.
        left: usize,
    },
    /// A handler failed; the event is tried again after a delay.
    Retrying {
        /// What failed.
        failure: Arc<Failure>,
        /// How many attempts there will be at most.
        attempts: u32,
        /// The delay before the next one.
        delay: Duration,
    },
    /// It cannot go on, and no handler is to blame: the event store or the checkpoint store does not answer, and is asked
    /// again for as long as it takes; or somebody keeps the log from being read further
    /// ([`EventStore::stalled_by`](crate::EventStore::stalled_by)).
    Waiting {
        /// For what.
        reason: Arc<str>,
    },
    /// Another process, or another manager, runs it: this one takes over when that one has stopped, died or hangs.
    Standby {
        /// Who runs it.
        owner: Arc<str>,
        /// Until when that is certain, by the clock of the checkpoint store.
        until: DateTime<Utc>,
    },
    /// It was paused, and waits to be resumed.
    Paused,
    /// It was stopped.
    Stopped {
        /// By whom.
        reason: StopReason,
    },
    /// An event could not be applied, and the retries are spent. Nothing after that event is applied.
    Faulted {
        /// What failed.
        failure: Arc<Failure>,
    },
    /// It is not run as things are, such as after a change of the projection ([changes are noticed](crate::guarantees#changes-are-noticed)). Nothing was changed.
    ///
    /// The log may have gone back as well: it was restored from an older copy than the read model, lost its last commits
    /// in a failover, or is another log. What was applied of the lost events cannot be told from what is missing. Restore
    /// the read model to the same time, or rebuild it: [`SubscriptionHandle::rebuild`](super::SubscriptionHandle::rebuild),
    /// [`rebuild_side_by_side`](super::SubscriptionHandle::rebuild_side_by_side) and
    /// [`reset`](super::SubscriptionHandle::reset) accept the log that is there.
    Refused {
        /// Why, and the remedy.
        reason: Arc<str>,
    },
    /// Another runner took the checkpoint over, for example because this process hung for longer than its lease. This runner
    /// has changed nothing since. It stands by again after a pause of one lease, at most 10 s.
    Fenced {
        /// How the runner found out.
        reason: Arc<str>,
    },
    /// The subscription was fenced twice within a minute, which is a fault: two processes that both work, or a host that
    /// stalls again and again. It does not come back by itself: start the manager again, or restart the process.
    FencedAgain {
        /// How the runner found out the last time.
        reason: Arc<str>,
    },
    /// This program is older than something that it would have to read: an event in the log, or the read model. Nothing is
    /// skipped, and no dead letter is made. The subscription has committed everything before that, has given its lease up,
    /// so that a standby with newer code takes over, and looks again after a pause of one lease, at most 10 s.
    Outdated {
        /// What is newer, both versions, and the remedy.
        reason: Arc<str>,
    },
}

/// Why a subscription stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The manager was stopped.
    ManagerStopped,
    /// The subscription was taken out of the manager.
    Unsubscribed,
    /// It was stopped by its name, and the manager was not.
    StoppedByName,
    /// The manager was stopped within a time, which was over before the batch was.
    DeadlinePassed,
    /// The manager was dropped.
    ManagerDropped,
    /// The runner's task ended before its time: the async runtime was shut down.
    RuntimeShutDown,
    /// The runner's task panicked, outside a handler: in a store, or where an error is shown.
    RunnerPanicked,
    /// What state a memory projection is in is not known: a reset failed half-way, or a handler was cut off and the
    /// projection can neither be copied nor truncated. Reset it.
    StateUnknown,
    /// Its rebuild was cancelled half-way: the next start goes on with it.
    RebuildCancelled,
}

/// An event that a subscription could not apply.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The name of the subscription.
    pub subscription: String,
    /// Where the event stands in the log.
    pub position: Position,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Its stored name.
    pub event_type: String,
    /// Its id.
    pub event_id: Uuid,
    /// How often its handler was called; never where no code knows its type ([`UnknownEvents`](super::UnknownEvents)).
    pub attempts: u32,
    /// When the handler failed first.
    pub first_failed_at: DateTime<Utc>,
    /// How the handler failed the last time.
    pub error: HandlerError,
}

impl Failure {
    /// The same failure, said with another error.
    pub(super) fn with(&self, error: HandlerError) -> Self {
        let Self { subscription, position, stream, event_type, event_id, attempts, first_failed_at, error: _ } = self;
        Self {
            subscription: subscription.clone(),
            position: *position,
            stream: stream.clone(),
            event_type: event_type.clone(),
            event_id: *event_id,
            attempts: *attempts,
            first_failed_at: *first_failed_at,
            error,
        }
    }
}

impl SubscriptionState {
    /// The reason for the state; `None` while the subscription catches up or is live.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::CatchingUp | Self::Live => None,
            Self::Idle => Some("the manager has not been started since it was subscribed".to_owned()),
            Self::Rebuilding { kind, target } => {
                Some(format!("its read model is being rebuilt {kind}, up to position {target}"))
            }
            Self::RetryingLetters { applied, left } => {
                let over = if *left > LetterCounts::MOST { "at least " } else { "" };
                Some(format!(
                    "dead letters are retried, in turns with new events: {applied} events were applied so far, and {over}{left} \
                     letters are left"
                ))
            }
            Self::Retrying { failure, attempts, delay } => {
                Some(format!("{failure}; attempt {} of {attempts} follows in {delay:?}", failure.attempts + 1))
            }
            Self::Standby { owner, until } => Some(format!("{owner} runs it, at least until {until}")),
            Self::Waiting { reason } | Self::Refused { reason } | Self::Outdated { reason } => Some(reason.to_string()),
            Self::Fenced { reason } => Some(format!("{reason}; it stands by again after a pause")),
            Self::FencedAgain { reason } => Some(format!(
                "{reason}; it was fenced twice within a minute: look for a second process that works without a lease, or \
                 for a host that stalls, and start the manager again"
            )),
            Self::Paused => Some("it was paused, and waits to be resumed".to_owned()),
            Self::Stopped { reason } => Some(reason.to_string()),
            Self::Faulted { failure } => Some(failure.to_string()),
        }
    }

    /// Whether a runner is at work in this state, or about to be.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        match self {
            Self::CatchingUp | Self::Live | Self::Paused | Self::Rebuilding { .. } => true,
            Self::RetryingLetters { .. } | Self::Retrying { .. } | Self::Waiting { .. } | Self::Standby { .. } => true,
            Self::Fenced { .. } | Self::Outdated { .. } => true,
            Self::Idle | Self::Stopped { .. } => false,
            Self::Faulted { .. } | Self::Refused { .. } | Self::FencedAgain { .. } => false,
        }
    }

    /// Whether the runner waits until another process has worked, and does nothing of what it is asked to do.
    pub(super) const fn is_aside(&self) -> bool {
        matches!(self, Self::Standby { .. } | Self::Fenced { .. } | Self::Outdated { .. })
    }

    /// The name of the state without its reason, such as `catching up`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::CatchingUp => "catching up",
            Self::Live => "live",
            Self::Rebuilding { .. } => "rebuilding",
            Self::RetryingLetters { .. } => "retrying letters",
            Self::Retrying { .. } => "retrying",
            Self::Waiting { .. } => "waiting",
            Self::Standby { .. } => "standing by",
            Self::Paused => "paused",
            Self::Stopped { .. } => "stopped",
            Self::Faulted { .. } | Self::FencedAgain { .. } => "faulted",
            Self::Outdated { .. } => "outdated",
            Self::Refused { .. } => "refused",
            Self::Fenced { .. } => "fenced",
        }
    }
}

/// The name of the state and its reason, such as `paused: it was paused, and waits to be resumed`; the name alone where
/// there is no reason.
impl fmt::Display for SubscriptionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        self.reason().map_or(Ok(()), |reason| write!(f, ": {reason}"))
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ManagerStopped => "the manager was stopped",
            Self::Unsubscribed => "it was taken out of the manager",
            Self::StoppedByName => "it was stopped by its name: start it by its name, or start the manager",
            Self::DeadlinePassed => "the manager was stopped, and its time for that was over before the batch was",
            Self::ManagerDropped => "the manager was dropped",
            Self::RuntimeShutDown => "the async runtime was shut down",
            Self::RunnerPanicked => "its runner panicked outside a handler, perhaps in a store",
            Self::RebuildCancelled => "its rebuild was cancelled half-way: the next start goes on with it",
            Self::StateUnknown => {
                "its state is not known, after a reset that failed half-way or a handler that was cut \
                                   off: reset it"
            }
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, stream, event_type, attempts, error, .. } = self;
        if *attempts == 0 {
            return write!(f, "{error}");
        }
        let times = times(*attempts);
        write!(f, "event `{event_type}` at position {position} of {stream} failed {times}: {error}")
    }
}
