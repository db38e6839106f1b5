//! Health: what a service answers to the probes of whoever runs it.

use std::time::Duration;

use super::{StopReason, SubscriptionState, SubscriptionStatus};

/// How far behind a subscription may be that counts as ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthLimits {
    pub(super) events: u64,
    pub(super) time: Duration,
}

impl Default for HealthLimits {
    /// 1,000 events, or 10 seconds: whichever of the two is kept.
    fn default() -> Self {
        Self { events: 1_000, time: Duration::from_secs(10) }
    }
}

impl HealthLimits {
    /// At most `events` behind the head of the log, or at most `time`.
    #[must_use]
    pub const fn new(events: u64, time: Duration) -> Self {
        Self { events, time }
    }
}

/// What a service answers to the probes of whoever runs it, with the reasons.
///
/// `live` is false when a subscription does not run although it should, and a restart of the process would help: its task
/// panicked outside a handler, its async runtime was shut down, it was fenced twice within a minute, or the state of its
/// memory is unknown. A subscription that waits, is fenced once, outdated, refused, or faulted by an event does not end it:
/// a new process would be no better off.
///
/// *Ready* is that what is read from the read models is as current as was asked: every subscription runs,
/// here or (where this process stands by) elsewhere, waits for no store, and is not too far behind. Dead letters are no
/// reason against either; [`SubscriptionStatus::dead_letters`] counts them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Whether a restart of the process would help nothing.
    pub live: bool,
    /// Whether the read models are as current as was asked.
    pub ready: bool,
    /// Why not, each with the name of its subscription.
    pub reasons: Vec<String>,
}

impl Health {
    /// The health of subscriptions that tell this of themselves.
    pub(super) fn of(statuses: &[SubscriptionStatus], limits: HealthLimits) -> Self {
        let mut health = Self { live: true, ready: true, reasons: Vec::new() };
        for status in statuses {
            health.live &= !is_helped_by_restart(&status.state);
            if let Some(reason) = not_ready(status, limits) {
                health.ready = false;
                health.reasons.push(format!("`{}` {reason}", status.name));
            }
        }
        health
    }
}

/// Whether the subscription does not run in this process, and would run in a new one.
const fn is_helped_by_restart(state: &SubscriptionState) -> bool {
    match state {
        SubscriptionState::FencedAgain { .. } => true,
        SubscriptionState::Stopped { reason } => match reason {
            StopReason::RunnerPanicked | StopReason::RuntimeShutDown | StopReason::StateUnknown => true,
            StopReason::ManagerStopped | StopReason::Unsubscribed | StopReason::DeadlinePassed => false,
            StopReason::ManagerDropped | StopReason::RebuildCancelled => false,
        },
        _ => false,
    }
}

/// Why the subscription's read model is not as current as was asked.
fn not_ready(status: &SubscriptionStatus, limits: HealthLimits) -> Option<String> {
    match &status.state {
        // Whoever runs it keeps the read model current, or this process will.
        SubscriptionState::Standby { .. } => return None,
        SubscriptionState::Live
        | SubscriptionState::CatchingUp
        | SubscriptionState::Retrying { .. }
        | SubscriptionState::Rebuilding { .. } => {}
        state => return Some(format!("is {state}: {}", state.reason().unwrap_or_default())),
    }
    match &status.lag {
        Ok(lag) if lag.events <= limits.events || lag.time <= limits.time => None,
        Ok(lag) => Some(format!("is {} events and {:?} behind", lag.events, lag.time)),
        Err(error) => Some(format!("is behind by nobody knows how much: {error}")),
    }
}
