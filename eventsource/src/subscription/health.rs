//! The health of a process, for the probes of an orchestrator.

use std::time::Duration;

use serde::Serialize;

use super::inspect::Overview;
use super::report::maybe_seconds;
use super::status::Lag;
use super::subscription_shared::SubscriptionShared;
use super::{StopReason, SubscriptionState};
use crate::causes::with_causes;
use crate::event::Position;
use crate::projection::ProjectionKind;

/// The largest lag with which a subscription counts as ready. Both limits must be kept.
///
/// The default is 1,000 events and 10 seconds.
///
/// ```
/// use std::time::Duration;
/// use eventsource::subscription::HealthLimits;
///
/// let limits = HealthLimits::new(100, Duration::from_secs(2));
/// assert_ne!(limits, HealthLimits::default());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthLimits {
    pub(super) events: u64,
    pub(super) time: Duration,
}

impl Default for HealthLimits {
    /// At most 1,000 events, and at most 10 seconds.
    fn default() -> Self {
        Self { events: 1_000, time: Duration::from_secs(10) }
    }
}

impl HealthLimits {
    /// Allows a lag of at most `events` events and at most `time`.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventsource::subscription::HealthLimits;
    ///
    /// let limits = HealthLimits::new(100, Duration::from_secs(2));
    /// # let _ = limits;
    /// ```
    #[must_use]
    pub const fn new(events: u64, time: Duration) -> Self {
        Self { events, time }
    }
}

/// The health of a process: what its liveness and readiness probes answer, with the reasons.
///
/// `live` is false if a restart of the process would help a subscription that does not run: its task panicked outside a
/// handler, its tokio runtime was shut down, it was fenced twice within a minute, or the state of its memory is
/// unknown. It stays true for a subscription that waits, is fenced once, outdated, refused, or faulted by an event: a
/// new process would have the same problem.
///
/// `ready` is true if every read model is as current as the [limits](HealthLimits) ask: each subscription runs, in this
/// process or (if this process is a standby) in another one, waits for no store, and its lag is within the limits. A
/// standby of a durable memory projection is not ready, because only the owner has its current state. Dead letters
/// change neither; [`SubscriptionStatus::dead_letters`](super::SubscriptionStatus::dead_letters) counts them.
///
/// [`SubscriptionManager::probe`](super::SubscriptionManager::probe) and
/// [`SubscriptionManager::health`](super::SubscriptionManager::health) return it. It can be serialised.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use eventsource::prelude::*;
/// use eventsource::subscription::{Health, HealthLimits};
///
/// let manager =
///     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// let health: Health = manager.probe(HealthLimits::default());
/// let status_code = if health.ready { 200 } else { 503 };
/// assert_eq!((status_code, health.reasons.len()), (200, 0));
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// False if a restart of the process would help.
    pub live: bool,
    /// True if every read model is as current as the limits ask.
    pub ready: bool,
    /// Why the process is not ready. Each reason starts with the name of its subscription.
    pub reasons: Vec<String>,
    /// How long ago the end of the log was last read: zero if the stores were asked for this answer, and `None` if no
    /// subscription has read the log yet. Serialised as `age_seconds`.
    #[serde(rename = "age_seconds", serialize_with = "maybe_seconds")]
    pub age: Option<Duration>,
}

impl Health {
    /// Judges subscriptions whose lag was measured.
    pub(super) fn of(overviews: &[Overview], limits: HealthLimits) -> Self {
        let mut health = Self::new(Some(Duration::ZERO));
        for Overview { core, now, lag } in overviews {
            let lag = lag.as_ref().copied().map_err(|error| with_causes(&**error));
            health.judge(core, &now.state, lag, limits);
        }
        health
    }

    /// Judges subscriptions by what their runners know, without asking a store.
    pub(super) fn known<'a>(cores: impl Iterator<Item = &'a SubscriptionShared>, limits: HealthLimits) -> Self {
        let mut health = Self::new(None);
        for core in cores {
            let (now, heads) = (core.progress.snapshot(), core.log.heads());
            let at = now.position.unwrap_or(Position::START);
            let lag = match heads.last() {
                Some((head, age)) => {
                    health.age = Some(age);
                    let events = head.value().saturating_sub(at.value());
                    Ok(if events == 0 { Lag::default() } else { Lag { events, time: heads.beyond(at) } })
                }
                None => Err("no subscription has read the log yet".to_owned()),
            };
            health.judge(core, &now.state, lag, limits);
        }
        health
    }

    const fn new(age: Option<Duration>) -> Self {
        Self { live: true, ready: true, reasons: Vec::new(), age }
    }

    fn judge(
        &mut self,
        core: &SubscriptionShared,
        state: &SubscriptionState,
        lag: Result<Lag, String>,
        limits: HealthLimits,
    ) {
        self.live &= !is_helped_by_restart(state);
        if let Some(reason) = not_ready(core.kind, state, lag, limits) {
            self.ready = false;
            self.reasons.push(format!("`{}` {reason}", core.name));
        }
    }
}

/// Returns whether the subscription does not run in this process, but would run in a new one.
const fn is_helped_by_restart(state: &SubscriptionState) -> bool {
    match state {
        SubscriptionState::FencedAgain { .. } => true,
        SubscriptionState::Stopped { reason } => match reason {
            StopReason::RunnerPanicked | StopReason::RuntimeShutDown | StopReason::StateUnknown => true,
            StopReason::ManagerStopped | StopReason::Unsubscribed | StopReason::DeadlinePassed => false,
            StopReason::ManagerDropped | StopReason::RebuildCancelled | StopReason::StoppedByName => false,
        },
        _ => false,
    }
}

/// Returns why the read model of the subscription is not as current as the limits ask.
fn not_ready(
    kind: ProjectionKind,
    state: &SubscriptionState,
    lag: Result<Lag, String>,
    limits: HealthLimits,
) -> Option<String> {
    match state {
        SubscriptionState::Standby { owner, .. } if kind == ProjectionKind::DurableMemory => {
            return Some(format!("is a standby, and only its owner has its current state: {owner}"));
        }
        SubscriptionState::Standby { .. }
        | SubscriptionState::Live
        | SubscriptionState::CatchingUp
        | SubscriptionState::RetryingLetters { .. }
        | SubscriptionState::Retrying { .. }
        | SubscriptionState::Rebuilding { .. } => {}
        state => return Some(format!("is {state}")),
    }
    match lag {
        Ok(lag) if lag.events <= limits.events && lag.time <= limits.time => None,
        Ok(lag) => Some(format!("is {lag} behind")),
        Err(error) => Some(format!("has an unknown lag: {error}")),
    }
}
