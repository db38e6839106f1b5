//! Counts the restarts of a faulted subscription, and decides whether there is a next one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::config::RestartPolicy;
use super::{Failure, SubscriptionState};
use crate::event::{Position, now};

/// The restarts of a subscription since an operator has started it, or since it ran well.
#[derive(Debug, Default)]
pub(super) struct Restarts(Mutex<Count>);

#[derive(Debug, Default)]
struct Count {
    restarts: u32,
    /// The event of the last fault.
    event: Option<Position>,
    started_at: Option<Instant>,
    /// When the next restart comes.
    next_at: Option<Instant>,
}

impl Restarts {
    fn lock(&self) -> MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that an operator has started the subscription.
    pub(super) fn forget(&self) {
        *self.lock() = Count { started_at: Some(Instant::now()), ..Count::default() };
    }

    /// Notes that the subscription starts again by itself.
    pub(super) fn begin(&self) {
        let mut count = self.lock();
        count.started_at = Some(Instant::now());
        count.next_at = None;
    }

    /// Returns when the next restart comes; `None` if there is none.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.lock().next_at
    }

    /// Returns the state after a fault: faulted, or a restart later. `chance`, from 0 to 1, selects the jitter.
    pub(super) fn after(&self, policy: &RestartPolicy, failure: Arc<Failure>, chance: f64) -> SubscriptionState {
        let mut count = self.lock();
        let has_run = count.started_at.is_some_and(|started_at| started_at.elapsed() >= policy.reset_after);
        if has_run && count.event != Some(failure.position) {
            count.restarts = 0;
        }
        count.event = Some(failure.position);
        if count.restarts >= policy.attempts {
            count.next_at = None;
            return SubscriptionState::Faulted { failure };
        }
        count.restarts += 1;
        let delay = policy.backoff.delay(count.restarts, chance);
        count.next_at = Some(Instant::now() + delay);
        SubscriptionState::Restarting {
            failure,
            attempt: count.restarts,
            attempts: policy.attempts,
            at: now() + chrono::TimeDelta::from_std(delay.min(Duration::from_secs(86_400))).unwrap_or_default(),
        }
    }
}
