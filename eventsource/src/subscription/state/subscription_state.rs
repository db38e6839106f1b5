//! The states of a subscription, and their reasons.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::StopReason;
use crate::event::Position;
use crate::subscription::{Failure, RebuildKind};

/// The state of a subscription: what it is doing.
///
/// Every state has a [reason](Self::reason), except `Live` and `CatchingUp`
/// ([nothing is silent](crate::guarantees#nothing-is-silent)). `Live` says that the subscription has reached the end of
/// the log; `live` of a [`Health`](crate::subscription::Health) says that the process needs no restart.
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
    /// Its read model is being rebuilt: see [`SubscriptionStatus::rebuild`](crate::subscription::SubscriptionStatus::rebuild).
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
        /// How often the handler is called at most ([`RetryPolicy`](crate::subscription::RetryPolicy)).
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
    /// hangs ([several processes](crate::subscription#several-processes)).
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
    /// Causes: [`FailurePolicy::Stop`](crate::subscription::FailurePolicy::Stop) after the last attempt or a permanent error, the
    /// [`FailureLimit`](crate::subscription::FailureLimit), a missing table, a handler that ended the transaction of the batch, or an
    /// unknown type ([`UnknownEvents::Fault`](crate::subscription::UnknownEvents::Fault)).
    ///
    /// Fix the cause, then call [`start`](crate::subscription::SubscriptionManager::start) or
    /// [`start_one`](crate::subscription::SubscriptionManager::start_one): it tries the same event next. You need not stop the
    /// manager first, and the other subscriptions continue. To pass the event without a new handler, see
    /// [`FailurePolicy::Stop`](crate::subscription::FailurePolicy::Stop).
    Faulted {
        /// What failed.
        failure: Arc<Failure>,
    },
    /// It has stopped at an event that it could not pass, like [`Faulted`](Self::Faulted), and starts again by itself, as
    /// its [`RestartPolicy`](crate::subscription::RestartPolicy) says. Until then nothing is applied, and a standby in another process
    /// may take over.
    ///
    /// [`start`](crate::subscription::SubscriptionManager::start), [`start_one`](crate::subscription::SubscriptionManager::start_one) and
    /// [`restart`](crate::subscription::SubscriptionManager::restart) start it at once.
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
    ///   `subscribe` by default ([`OnChange`](crate::subscription::OnChange)).
    /// - Another subscription owns one of its tables.
    /// - The state of a durable memory projection cannot be used or replayed.
    /// - The log went back: see below.
    ///
    /// A log has gone back if it was restored from an older copy than the read model, lost its last commits in a
    /// failover, or is another log. The subscription cannot tell which of the lost events it has applied.
    /// Restore the read model to the same time, or rebuild it:
    /// [`SubscriptionHandle::rebuild`](crate::subscription::SubscriptionHandle::rebuild),
    /// [`rebuild_side_by_side`](crate::subscription::SubscriptionHandle::rebuild_side_by_side) and
    /// [`reset`](crate::subscription::SubscriptionHandle::reset) accept the present log.
    Refused {
        /// Why, and what to do.
        reason: Arc<str>,
    },
    /// Another process took over the checkpoint, for example because this process hung for longer than its lease. This
    /// process has changed nothing since ([several processes](crate::subscription#several-processes)).
    ///
    /// It becomes a standby again after a pause of one lease, at most 10 s. If the other process has also replaced the
    /// read model by another version, it becomes `Outdated` or `Refused` then ([`OnChange`](crate::subscription::OnChange)).
    Fenced {
        /// How the subscription found out.
        reason: Arc<str>,
    },
    /// It was fenced twice within a minute, and has stopped. Two processes both work, or a host stalls again and again.
    ///
    /// It does not continue on its own. The process is not [`live`](crate::subscription::Health::live) any more, so an orchestrator
    /// with a liveness probe restarts it; the log has an error. Otherwise call
    /// [`start`](crate::subscription::SubscriptionManager::start) or [`start_one`](crate::subscription::SubscriptionManager::start_one).
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
