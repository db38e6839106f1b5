//! Health: what a service answers to the probes of whoever runs it.

use std::time::Duration;

use serde::Serialize;

use super::inspect::Overview;
use super::report::maybe_seconds;
use super::status::Lag;
use super::subscription_shared::SubscriptionShared;
use super::{StopReason, SubscriptionState};
use crate::causes::WithCauses;
use crate::event::Position;
use crate::projection::ProjectionKind;

/// How far behind a subscription may be that counts as ready: both limits have to be kept.
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
    /// At most `events` behind the head of the log, and at most `time`.
    #[must_use]
    pub const fn new(events: u64, time: Duration) -> Self {
        Self { events, time }
    }
}

/// What a service answers to the probes of its operator, with the reasons.
///
/// `live` is false when a subscription does not run although it should, and a restart of the process would help: its task
/// panicked outside a handler, its async runtime was shut down, it was fenced twice within a minute, or the state of its
/// memory is unknown. A subscription that waits, is fenced once, outdated, refused, or faulted by an event does not end it:
/// a new process would be no better off.
///
/// *Ready* is that what is read from the read models is as current as was asked: every subscription runs,
/// here or (where this process stands by) elsewhere, waits for no store, and is not too far behind. A process that stands
/// by for a durable memory projection is not ready, since only the owner has its current state. Dead letters are no
/// reason against either; [`SubscriptionStatus::dead_letters`](super::SubscriptionStatus::dead_letters) counts them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// Whether a restart of the process would help nothing.
    pub live: bool,
    /// Whether the read models are as current as was asked.
    pub ready: bool,
    /// Why not, each with the name of its subscription.
    pub reasons: Vec<String>,
    /// How long ago the log was last looked at for this answer: zero where the stores were asked for it, and `None` where
    /// no subscription has read the log yet. Serialised as `age_seconds`.
    #[serde(rename = "age_seconds", serialize_with = "maybe_seconds")]
    pub age: Option<Duration>,
}

impl Health {
    /// The health of subscriptions whose lag was measured.
    pub(super) fn of(overviews: &[Overview], limits: HealthLimits) -> Self {
        let mut health = Self::new(Some(Duration::ZERO));
        for Overview { core, now, lag } in overviews {
            let lag = lag.as_ref().copied().map_err(|error| WithCauses(&**error).to_string());
            health.judge(core, &now.state, lag, limits);
        }
        health
    }

    /// The health of subscriptions by what their runners know, without a question to a store.
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

/// Whether the subscription does not run in this process, and would run in a new one.
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

/// Why the subscription's read model is not as current as was asked.
fn not_ready(
    kind: ProjectionKind,
    state: &SubscriptionState,
    lag: Result<Lag, String>,
    limits: HealthLimits,
) -> Option<String> {
    match state {
        SubscriptionState::Standby { owner, .. } if kind == ProjectionKind::DurableMemory => {
            return Some(format!("stands by, and only its owner has its current state: {owner}"));
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
