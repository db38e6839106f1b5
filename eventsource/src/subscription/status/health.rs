//! The health of a process, for the probes of an orchestrator.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::projection::KindFacts;
use crate::subscription::report::maybe_seconds;
use crate::subscription::status::snapshot::SubscriptionSnapshot;
use crate::subscription::subscription_shared::SubscriptionShared;
use crate::subscription::{StopReason, SubscriptionState};

/// The largest lag with which a subscription counts as ready. Both limits must be kept.
///
/// The default is 1,000 events and 10 seconds. Events are counted as the difference of two positions, gaps included: if
/// your store leaves large gaps, for example PostgreSQL after imports that were rolled back, allow more events, and rely
/// on the time.
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
    pub(in crate::subscription) events: u64,
    pub(in crate::subscription) time: Duration,
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
/// [`SubscriptionManager::health`](crate::subscription::SubscriptionManager::health) returns it, from what the subscriptions know: no
/// store is asked. It can be serialised.
///
/// `live` is false if a restart of the process would help: a subscription has stopped that would run in a new process.
/// It stays true if a new process would have the same problem. Every subscription counts.
///
/// `ready` is false if a read model is not as current as the [limits](HealthLimits) ask. Only the subscriptions count
/// that are configured with [`gates_readiness`](crate::subscription::SubscriptionConfig::gates_readiness); if there is none, all of
/// them. A pause, a stop by name and a fault are reported, and do not make the process unready: an operator wanted it, or
/// every other process has the same fault, so that a load balancer would have no process left. An alert on
/// [`reasons`](Self::reasons) finds them.
///
/// | state of the subscription | live | ready | reported |
/// | --- | --- | --- | --- |
/// | catching up, live, retrying, retrying letters, rebuilding | yes | if its lag is within the limits | if not ready |
/// | standing by | yes | if the owner's lag is within the limits; no for durable memory, whose state only the owner has | if not ready |
/// | paused, faulted, restarting, or stopped by its name | yes | yes | yes |
/// | idle, waiting, outdated, refused, fenced | yes | no | yes |
/// | fenced again | no | no | yes |
/// | stopped: its task panicked outside a handler, its tokio runtime was shut down, or the state of its memory is unknown | no | no | yes |
/// | stopped for another reason | yes | no | yes |
///
/// Dead letters change neither; [`SubscriptionSnapshot::dead_letters`] counts them.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use eventsource::prelude::*;
/// use eventsource::subscription::{Health, HealthLimits};
///
/// let manager =
///     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// let health: Health = manager.health(HealthLimits::default());
/// let status_code = if health.ready { 200 } else { 503 };
/// assert_eq!((status_code, health.reasons.len()), (200, 0));
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// False if a restart of the process would help.
    pub live: bool,
    /// True if every read model that gates the readiness is as current as the limits ask.
    pub ready: bool,
    /// The problems of all subscriptions, also of those that do not gate the readiness and of those that are paused or
    /// faulted. Each starts with the name of its subscription.
    pub reasons: Vec<String>,
    /// The health of each subscription, ordered by name.
    pub subscriptions: Vec<SubscriptionHealth>,
    /// How long ago the end of the log was last read; `None` if no subscription has read the log yet. Serialised as
    /// `age_seconds`.
    #[serde(rename = "age_seconds", serialize_with = "maybe_seconds")]
    pub age: Option<Duration>,
}

/// The health of one subscription.
///
/// ```
/// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// # use eventsource::prelude::*;
/// # use eventsource::subscription::HealthLimits;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let manager =
/// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
/// # manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
/// for subscription in manager.health(HealthLimits::default()).subscriptions {
///     if let Some(problem) = subscription.problem {
///         println!("{} {problem} (ready: {})", subscription.name, subscription.ready);
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SubscriptionHealth {
    /// The name of the subscription.
    pub name: String,
    /// False if a restart of the process would help the subscription.
    pub live: bool,
    /// False if its read model is not as current as the limits ask; true for a pause and a fault.
    pub ready: bool,
    /// Whether the readiness of the process depends on `ready`.
    pub gates_readiness: bool,
    /// What an operator should know, for example `is 5000 events and 12.0s behind`; `None` if all is well.
    pub problem: Option<String>,
}

impl Health {
    /// Judges subscriptions by what this process knows about them.
    pub(in crate::subscription) fn of(cores: &[Arc<SubscriptionShared>], limits: HealthLimits) -> Self {
        let all_gate = !cores.iter().any(|core| core.config.gates_readiness);
        let mut health = Self { live: true, ready: true, reasons: Vec::new(), subscriptions: Vec::new(), age: None };
        for core in cores {
            let snapshot = SubscriptionSnapshot::of(core);
            let live = !is_helped_by_restart(&snapshot.state);
            let gates_readiness = all_gate || core.config.gates_readiness;
            let (ready, problem) = match judge(core.facts, &snapshot, limits) {
                Judgement::Fine => (true, None),
                Judgement::Reported(problem) => (true, Some(problem)),
                Judgement::NotReady(problem) => (false, Some(problem)),
            };
            health.live &= live;
            health.ready &= ready || !gates_readiness;
            health.age = snapshot.age;
            health.reasons.extend(problem.as_ref().map(|problem| format!("`{}` {problem}", core.name)));
            health.subscriptions.push(SubscriptionHealth {
                name: snapshot.name,
                live,
                ready,
                gates_readiness,
                problem,
            });
        }
        health
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
            StopReason::Restarting => false,
        },
        _ => false,
    }
}

/// What the state and the lag of a subscription mean for the readiness.
enum Judgement {
    Fine,
    /// There is a problem that does not make it unready.
    Reported(String),
    /// Its read model is not as current as the limits ask.
    NotReady(String),
}

fn judge(facts: KindFacts, snapshot: &SubscriptionSnapshot, limits: HealthLimits) -> Judgement {
    match &snapshot.state {
        SubscriptionState::Standby { owner, .. } if facts.stores_state() => {
            let problem = format!("is a standby, and only its owner has its current state: {owner}");
            return Judgement::NotReady(problem);
        }
        state @ (SubscriptionState::Paused
        | SubscriptionState::Faulted { .. }
        | SubscriptionState::Restarting { .. }
        | SubscriptionState::Stopped { reason: StopReason::StoppedByName | StopReason::Restarting }) => {
            return Judgement::Reported(format!("is {state}"));
        }
        SubscriptionState::Standby { .. }
        | SubscriptionState::Live
        | SubscriptionState::CatchingUp
        | SubscriptionState::RetryingLetters { .. }
        | SubscriptionState::Retrying { .. }
        | SubscriptionState::Rebuilding { .. } => {}
        state => return Judgement::NotReady(format!("is {state}")),
    }
    match snapshot.lag {
        Some(lag) if lag.events <= limits.events && lag.time <= limits.time => Judgement::Fine,
        Some(lag) => Judgement::NotReady(format!("is {lag} behind")),
        None => Judgement::NotReady("has an unknown lag: no subscription has read the log yet".to_owned()),
    }
}
