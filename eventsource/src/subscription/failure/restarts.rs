//! Counts the restarts of a faulted subscription, and decides whether there is a next one.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::event::{Position, now};
use crate::subscription::Failure;
use crate::subscription::config::RestartPolicy;

/// The restarts of a subscription since an operator has started it, or since it ran well.
#[derive(Debug, Default)]
pub(in crate::subscription) struct Restarts(Mutex<Count>);

#[derive(Debug, Default)]
struct Count {
    restarts: u32,
    /// The event of the last fault.
    event: Option<Position>,
    started_at: Option<Instant>,
}

/// The next restart after a fault.
#[derive(Debug, Clone, Copy)]
pub(in crate::subscription) struct NextRestart {
    /// Its number, from 1.
    pub(in crate::subscription) attempt: u32,
    /// The largest number of restarts.
    pub(in crate::subscription) attempts: u32,
    /// When it comes.
    pub(in crate::subscription) due: Instant,
    /// When it comes, by the clock of this process.
    pub(in crate::subscription) at: DateTime<Utc>,
}

impl Restarts {
    fn lock(&self) -> MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that an operator has started the subscription.
    pub(in crate::subscription) fn forget(&self) {
        *self.lock() = Count { started_at: Some(Instant::now()), ..Count::default() };
    }

    /// Notes that the subscription starts again by itself.
    pub(in crate::subscription) fn begin(&self) {
        self.lock().started_at = Some(Instant::now());
    }

    /// Returns the restart after a fault; `None` if there is none. `chance`, from 0 to 1, selects the jitter.
    pub(in crate::subscription) fn after(
        &self,
        policy: &RestartPolicy,
        failure: &Failure,
        chance: f64,
    ) -> Option<NextRestart> {
        let mut count = self.lock();
        let has_run = count.started_at.is_some_and(|started_at| started_at.elapsed() >= policy.reset_after);
        if has_run && count.event != Some(failure.position) {
            count.restarts = 0;
        }
        count.event = Some(failure.position);
        if count.restarts >= policy.attempts {
            return None;
        }
        count.restarts += 1;
        let delay = policy.backoff.delay(count.restarts, chance);
        Some(NextRestart {
            attempt: count.restarts,
            attempts: policy.attempts,
            due: Instant::now() + delay,
            at: now() + chrono::TimeDelta::from_std(delay.min(Duration::from_secs(86_400))).unwrap_or_default(),
        })
    }
}
