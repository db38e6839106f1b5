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
/// ([nothing is silent](crate::guarantees#nothing-is-silent)). `Live` says that the subscription has reached the end of
/// the log; `live` of a [`Health`](super::Health) says that the process needs no restart.
///
/// ```
/// use eventsource::subscription::SubscriptionState;
///
/// assert!(SubscriptionState::Live.is_running());
/// assert_eq!(SubscriptionState::Paused.to_string(), "paused: it was paused, and waits to be resumed");
/// ```
///
/// | state | its task runs | it serves requests |
/// | --- | --- | --- |
/// | `CatchingUp`, `Live`, `Rebuilding`, `RetryingLetters` | yes | yes |
/// | `Retrying`, `Waiting` | yes | when it continues |
/// | `Standby`, `Fenced`, `Outdated` | yes | no: ask the owner |
/// | `Paused` | yes | no: resume it |
/// | `Idle`, `Stopped`, `Faulted`, `FencedAgain`, `Refused` | no | no: start it. A rebuild starts it by itself |
///
/// The requests are those to retry or dismiss dead letters, and to rebuild.
///
/// Each change of the state is logged at debug level. A start enters *catching up* first. While the subscription claims
/// its checkpoint, it can become `Standby`, `Outdated`, `Refused`, or `Rebuilding` side by side. An owner is
/// `CatchingUp`, `Live`, `Rebuilding` or `RetryingLetters`, and becomes `Fenced`, `Outdated`, `Faulted`, `Refused` or
/// `Stopped`. From `Standby`, `Fenced` and `Outdated` it claims the checkpoint again, and keeps that state until it owns
/// it. `Paused`, `Waiting` and `Retrying` interrupt every other state of a running task; the same state follows, or one
/// to which that state leads. Only a start leaves `Idle`, `Stopped`, `Faulted`, `FencedAgain` and `Refused`; a reset
/// leads back to `Idle`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SubscriptionState {
    /// It was subscribed or reset, and has not been started since.
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
    /// A handler failed. The event is applied again after a delay. All streams of the subscription wait for it.
    Retrying {
        /// What failed. Its `attempts` counts the calls so far.
        failure: Arc<Failure>,
        /// How often the handler is called at most ([`RetryPolicy`](super::RetryPolicy)).
        attempts: u32,
        /// The delay before the next attempt.
        delay: Duration,
    },
    /// It waits for an outage to end. It tries again, with delays of up to 5 s, until
    /// - the event store or the checkpoint store answers,
    /// - a handler that returned [`HandlerError::outage`](crate::HandlerError::outage) succeeds,
    /// - the transaction that stalls the log has ended ([`EventLog::stalled_by`](crate::EventLog::stalled_by)).
    Waiting {
        /// What it waits for. If a handler met the outage, it names the position of the event and the error, and the
        /// start time if the database answers other queries.
        reason: Arc<str>,
    },
    /// Another process, or another manager, owns the subscription. This one takes over when the owner stops, dies or
    /// hangs ([several processes](super#several-processes)).
    Standby {
        /// The owner: the id of its process, the name of its host, and a random part, such as
        /// `process 4711 on shop-7d9f (0191…)`. In Kubernetes the host is the name of the pod. It cannot be chosen.
        owner: Arc<str>,
        /// When the lease of the owner expires if it is not renewed, by the clock of the checkpoint store.
        until: DateTime<Utc>,
    },
    /// It was paused in this process, and waits to be resumed. An owner keeps its lease.
    Paused,
    /// It was stopped, and has released its lease, unless it was cut off.
    Stopped {
        /// Why.
        reason: StopReason,
    },
    /// It has stopped at an event that it could not pass. Nothing after that event is applied.
    ///
    /// Causes: [`FailurePolicy::Stop`](super::FailurePolicy::Stop) after the last attempt or a permanent error, the
    /// [`FailureLimit`](super::FailureLimit), a missing table, a handler that ended the transaction of the batch, or an
    /// unknown type ([`UnknownEvents::Fault`](super::UnknownEvents::Fault)).
    ///
    /// Fix the cause, then call [`start`](super::SubscriptionManager::start) or
    /// [`start_one`](super::SubscriptionManager::start_one): it tries the same event next. You need not stop the
    /// manager first, and the other subscriptions continue. To pass the event without a new handler, see
    /// [`FailurePolicy::Stop`](super::FailurePolicy::Stop).
    Faulted {
        /// What failed.
        failure: Arc<Failure>,
    },
    /// It has stopped at an event that it could not pass, like [`Faulted`](Self::Faulted), and starts again by itself, as
    /// its [`RestartPolicy`](super::RestartPolicy) says. Until then nothing is applied, and a standby in another process
    /// may take over.
    ///
    /// [`start`](super::SubscriptionManager::start), [`start_one`](super::SubscriptionManager::start_one) and
    /// [`restart`](super::SubscriptionManager::restart) start it at once.
    Restarting {
        /// What failed.
        failure: Arc<Failure>,
        /// The number of the next restart, from 1.
        attempt: u32,
        /// The largest number of restarts.
        attempts: u32,
        /// When the restart comes, by the clock of this process.
        at: DateTime<Utc>,
    },
    /// It may not run, and nothing was changed. The reason says what to do. Causes:
    /// - Another process has replaced the read model, or the changed projection cannot be rebuilt ([changes are
    ///   noticed](crate::guarantees#changes-are-noticed)). A change that exists at `subscribe` is an error of
    ///   `subscribe` by default ([`OnChange`](super::OnChange)).
    /// - Another subscription owns one of its tables.
    /// - The state of a durable memory projection cannot be used or replayed.
    /// - The log went back: see below.
    ///
    /// A log has gone back if it was restored from an older copy than the read model, lost its last commits in a
    /// failover, or is another log. The subscription cannot tell which of the lost events it has applied.
    /// Restore the read model to the same time, or rebuild it:
    /// [`SubscriptionHandle::rebuild`](super::SubscriptionHandle::rebuild),
    /// [`rebuild_side_by_side`](super::SubscriptionHandle::rebuild_side_by_side) and
    /// [`reset`](super::SubscriptionHandle::reset) accept the present log.
    Refused {
        /// Why, and what to do.
        reason: Arc<str>,
    },
    /// Another process took over the checkpoint, for example because this process hung for longer than its lease. This
    /// process has changed nothing since ([several processes](super#several-processes)).
    ///
    /// It becomes a standby again after a pause of one lease, at most 10 s. If the other process has also replaced the
    /// read model by another version, it becomes `Outdated` or `Refused` then ([`OnChange`](super::OnChange)).
    Fenced {
        /// How the subscription found out.
        reason: Arc<str>,
    },
    /// It was fenced twice within a minute, and has stopped. Two processes both work, or a host stalls again and again.
    ///
    /// It does not continue on its own. The process is not [`live`](super::Health::live) any more, so an orchestrator
    /// with a liveness probe restarts it; the log has an error. Otherwise call
    /// [`start`](super::SubscriptionManager::start) or [`start_one`](super::SubscriptionManager::start_one).
    FencedAgain {
        /// How the subscription found out the last time.
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
    /// The manager was stopped with a deadline, and the deadline passed before the batch ended. The next start applies
    /// the batch again. The lease was not released, so a standby takes over when it expires.
    DeadlinePassed,
    /// The manager was dropped.
    ManagerDropped,
    /// The tokio runtime was shut down while the subscription ran. Start the manager in another runtime, or restart the
    /// process.
    RuntimeShutDown,
    /// The task of the subscription panicked outside a handler: in a store, or in the `Display` of an error. Correct
    /// the panic, and start the subscription again.
    RunnerPanicked,
    /// The state of a memory projection is unknown: the truncate hook of a reset or a rebuild failed, or a handler was
    /// cut off and the projection can neither be copied nor truncated. Reset or rebuild the subscription.
    StateUnknown,
    /// It was told to [restart](super::SubscriptionHandle::restart), and starts again when it has ended.
    Restarting,
    /// Its rebuild in place was cancelled, which halts it. The next start continues the rebuild.
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
/// if let SubscriptionState::Faulted { failure } = orders.inspect().await.state {
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
            Self::Restarting { failure, attempt, attempts, at } => {
                Some(format!("{failure}; restart {attempt} of {attempts} comes at {at}"))
            }
        }
    }

    /// Returns whether the subscription has a running task in this state: true for every state except `Idle`,
    /// `Stopped`, `Faulted`, `FencedAgain` and `Refused`. So a paused subscription and a standby count as running.
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
            Self::Fenced { .. } | Self::Outdated { .. } | Self::Restarting { .. } => true,
            Self::Idle | Self::Stopped { .. } => false,
            Self::Faulted { .. } | Self::Refused { .. } | Self::FencedAgain { .. } => false,
        }
    }

    /// Returns whether the runner serves no requests now: it waits for another process, or for its restart.
    pub(super) const fn is_aside(&self) -> bool {
        matches!(self, Self::Standby { .. } | Self::Fenced { .. } | Self::Outdated { .. } | Self::Restarting { .. })
    }

    /// Returns whether the subscription has faulted and starts again by itself.
    pub(super) const fn is_restarting(&self) -> bool {
        matches!(self, Self::Restarting { .. })
    }

    /// Returns the name of the state without its reason.
    ///
    /// The names are `idle`, `catching up`, `live`, `rebuilding`, `retrying letters`, `retrying`, `waiting`, `standing
    /// by` (of `Standby`), `paused`, `stopped`, `faulted`, `refused`, `fenced` and `outdated`. The name of
    /// `FencedAgain` is `faulted`, since it has stopped like a faulted subscription. JSON has `_` in place of a space,
    /// such as `standing_by`.
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
            Self::Restarting { .. } => "restarting",
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
            Self::Restarting => "it is being restarted",
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
