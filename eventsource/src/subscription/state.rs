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

/// The state of a subscription: what it is doing.
///
/// Every state has a [reason](Self::reason), except `Live` and `CatchingUp`
/// ([nothing is silent](crate::guarantees#nothing-is-silent)).
///
/// ```
/// use eventsource::subscription::SubscriptionState;
///
/// assert!(SubscriptionState::Live.is_running());
/// assert_eq!(SubscriptionState::Paused.to_string(), "paused: it was paused, and waits to be resumed");
/// ```
///
/// The states are a state machine. Each change is logged at debug level. These changes are possible:
///
#[doc = include_str!("states.md")]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SubscriptionState {
    /// It was subscribed, but the manager has not been started since.
    Idle,
    /// It reads events that were stored earlier.
    CatchingUp,
    /// It has reached the end of the log, and applies new events as they are stored.
    Live,
    /// Its read model is being rebuilt: see [`SubscriptionStatus::rebuild`](super::SubscriptionStatus::rebuild).
    Rebuilding {
        /// In place or side by side.
        kind: RebuildKind,
        /// The position at which the replay is complete.
        target: Position,
    },
    /// It retries dead letters in batches. New events are applied between two batches.
    RetryingLetters {
        /// How many events were applied for the request so far: letters, and events that waited behind them.
        applied: u64,
        /// How many letters are left. If there are more than
        /// [`LetterCounts::MOST`](crate::projection::LetterCounts::MOST), not all may have been counted.
        left: usize,
    },
    /// A handler failed. The event is applied again after a delay.
    Retrying {
        /// What failed.
        failure: Arc<Failure>,
        /// The largest number of attempts.
        attempts: u32,
        /// The delay before the next attempt.
        delay: Duration,
    },
    /// It waits, and no handler is the cause: the event store or the checkpoint store does not answer, and is asked
    /// again until it does; or a transaction stalls the log
    /// ([`EventStore::stalled_by`](crate::EventStore::stalled_by)).
    Waiting {
        /// What it waits for.
        reason: Arc<str>,
    },
    /// Another process, or another manager, owns the subscription. This one takes over when the owner stops, dies or
    /// hangs.
    Standby {
        /// The owner.
        owner: Arc<str>,
        /// When the lease of the owner expires if it is not renewed, by the clock of the checkpoint store.
        until: DateTime<Utc>,
    },
    /// It was paused, and waits to be resumed.
    Paused,
    /// It was stopped.
    Stopped {
        /// Why.
        reason: StopReason,
    },
    /// An event could not be applied, and the retries are spent. Nothing after that event is applied.
    ///
    /// Fix the cause, and start the manager again: the event is applied again.
    Faulted {
        /// What failed.
        failure: Arc<Failure>,
    },
    /// It may not run, for example because its projection has changed
    /// ([changes are noticed](crate::guarantees#changes-are-noticed)). Nothing was changed.
    ///
    /// Another cause is a log that went back: it was restored from an older copy than the read model, lost its last
    /// commits in a failover, or is another log. The subscription cannot tell which of the lost events it has applied.
    /// Restore the read model to the same time, or rebuild it:
    /// [`SubscriptionHandle::rebuild`](super::SubscriptionHandle::rebuild),
    /// [`rebuild_side_by_side`](super::SubscriptionHandle::rebuild_side_by_side) and
    /// [`reset`](super::SubscriptionHandle::reset) accept the present log.
    Refused {
        /// Why, and what to do.
        reason: Arc<str>,
    },
    /// Another runner took over the checkpoint, for example because this process hung for longer than its lease. This
    /// runner has changed nothing since. It becomes a standby again after a pause of one lease, at most 10 s.
    Fenced {
        /// How the runner found out.
        reason: Arc<str>,
    },
    /// It was fenced twice within a minute, and has stopped. Two processes both work, or a host stalls again and again.
    ///
    /// It does not continue on its own: an operator should see it. Start the manager again, or restart the process.
    FencedAgain {
        /// How the runner found out the last time.
        reason: Arc<str>,
    },
    /// The program is older than an event in the log, or than the read model.
    ///
    /// Nothing is skipped, and no event becomes a dead letter. The subscription has committed everything before that
    /// event and released its lease, so that a standby with newer code can take over. It checks again after a pause of
    /// one lease, at most 10 s.
    Outdated {
        /// What is newer, both versions, and what to do.
        reason: Arc<str>,
    },
}

/// The reason why a subscription stopped.
///
/// ```
/// use eventsource::subscription::StopReason;
///
/// assert_eq!(StopReason::ManagerStopped.to_string(), "the manager was stopped");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The manager was stopped.
    ManagerStopped,
    /// The subscription was [unsubscribed](super::SubscriptionManager::unsubscribe).
    Unsubscribed,
    /// It was stopped by its name ([`stop_one`](super::SubscriptionManager::stop_one)), and not with the manager.
    StoppedByName,
    /// The manager was stopped with a deadline, and the deadline passed before the batch ended.
    DeadlinePassed,
    /// The manager was dropped.
    ManagerDropped,
    /// The tokio runtime was shut down while the subscription ran.
    RuntimeShutDown,
    /// The task of the subscription panicked outside a handler: in a store, or in the `Display` of an error.
    RunnerPanicked,
    /// The state of a memory projection is unknown: a reset failed half-way, or a handler was cut off and the
    /// projection can neither be copied nor truncated. Reset or rebuild the subscription.
    StateUnknown,
    /// Its rebuild in place was cancelled. The next start continues the rebuild.
    RebuildCancelled,
}

/// An event that a subscription could not apply, and the error.
///
/// ```
/// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// # use eventsource::prelude::*;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let store = MemoryEventStore::new();
/// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
/// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
/// # manager.start().await?;
/// use eventsource::subscription::SubscriptionState;
///
/// if let SubscriptionState::Faulted { failure } = orders.status().await.state {
///     println!("{} at position {}: {}", failure.event_type, failure.position, failure.error);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The name of the subscription.
    pub subscription: String,
    /// The position of the event in the log.
    pub position: Position,
    /// The stream of the event.
    pub stream: StreamId,
    /// The stored name of the event.
    pub event_type: String,
    /// The id of the event.
    pub event_id: Uuid,
    /// How often the handler was called; 0 if the type of the event is unknown
    /// ([`UnknownEvents`](super::UnknownEvents)).
    pub attempts: u32,
    /// When the handler failed first.
    pub first_failed_at: DateTime<Utc>,
    /// The last error of the handler.
    pub error: HandlerError,
}

impl Failure {
    /// Returns the same failure with another error.
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
    /// Returns the reason for the state, and `None` while the subscription catches up or is live.
    ///
    /// ```
    /// use eventsource::subscription::SubscriptionState;
    ///
    /// assert!(SubscriptionState::Idle.reason().is_some());
    /// assert_eq!(SubscriptionState::Live.reason(), None);
    /// ```
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
            Self::Standby { owner, until } => Some(format!("{owner} owns it, at least until {until}")),
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

    /// Returns whether the subscription has a running task in this state. A paused subscription and a standby do.
    ///
    /// ```
    /// use eventsource::subscription::{StopReason, SubscriptionState};
    ///
    /// assert!(SubscriptionState::Paused.is_running());
    /// assert!(!SubscriptionState::Stopped { reason: StopReason::ManagerStopped }.is_running());
    /// ```
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

    /// Returns whether the runner waits for another process and serves no requests.
    pub(super) const fn is_aside(&self) -> bool {
        matches!(self, Self::Standby { .. } | Self::Fenced { .. } | Self::Outdated { .. })
    }

    /// Returns the name of the state without its reason, for example `catching up`. The name of `FencedAgain` is
    /// `faulted`, since it has stopped like a faulted subscription.
    ///
    /// ```
    /// use eventsource::subscription::SubscriptionState;
    ///
    /// assert_eq!(SubscriptionState::CatchingUp.name(), "catching up");
    /// assert_eq!(SubscriptionState::Paused.name(), "paused");
    /// ```
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

/// The name of the state, and its reason if it has one: `paused: it was paused, and waits to be resumed`.
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
            Self::Unsubscribed => "it was unsubscribed",
            Self::StoppedByName => "it was stopped by its name: start it by its name, or start the manager",
            Self::DeadlinePassed => "the manager was stopped with a deadline, which passed before the batch ended",
            Self::ManagerDropped => "the manager was dropped",
            Self::RuntimeShutDown => "the tokio runtime was shut down",
            Self::RunnerPanicked => "its task panicked outside a handler, perhaps in a store",
            Self::RebuildCancelled => "its rebuild was cancelled: the next start continues it",
            Self::StateUnknown => {
                "its state is not known, after a reset that failed half-way or a handler that was cut off: reset it"
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
