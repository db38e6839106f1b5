//! What happens when an event fails: how it is retried, and what becomes of it when that is of no use.

use std::time::Duration;

use super::config::{ConfigError, require};
use crate::backoff::Backoff;
use crate::projection::ErrorClass;

/// How a failing handler is retried: how often, and after which delays.
///
/// By default five attempts; before the second one up to 100 ms, then up to twice as much each time, at most 10 s.
/// Each delay is drawn from 0 to that bound (full jitter), so that what failed together is not retried together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryPolicy {
    pub(super) attempts: u32,
    pub(super) backoff: Backoff,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 5, backoff: Backoff::new(Duration::from_millis(100), Duration::from_secs(10)) }
    }
}

impl RetryPolicy {
    /// `attempts` calls of the handler for one event, the first included; between them delays that double from
    /// `first_delay` to `max_delay`.
    ///
    /// # Errors
    /// [`ConfigError`] where there is no attempt, or where `max_delay` is less than `first_delay` or above one day.
    pub fn new(attempts: u32, first_delay: Duration, max_delay: Duration) -> Result<Self, ConfigError> {
        require(attempts > 0, "attempts", attempts, "at least 1: the first call counts")?;
        let sensible = first_delay <= max_delay && max_delay <= Duration::from_secs(86_400);
        require(sensible, "max_delay", format!("{max_delay:?}"), "at least `first_delay` and at most one day")?;
        Ok(Self { attempts, backoff: Backoff::new(first_delay, max_delay) })
    }

    /// One attempt: nothing is retried.
    #[must_use]
    pub const fn never() -> Self {
        Self { attempts: 1, backoff: Backoff::new(Duration::ZERO, Duration::ZERO) }
    }

    /// With delays that grow by this factor each time, in place of 2.
    ///
    /// # Errors
    /// [`ConfigError`] outside 1 to 100.
    pub fn factor(mut self, factor: f64) -> Result<Self, ConfigError> {
        require((1.0..=100.0).contains(&factor), "factor", factor, "1 to 100")?;
        self.backoff.factor = factor;
        Ok(self)
    }

    /// With so much of each delay drawn at random, in place of all of it: 0 makes each delay what it can be at most.
    ///
    /// # Errors
    /// [`ConfigError`] outside 0 to 1.
    pub fn jitter(mut self, fraction: f64) -> Result<Self, ConfigError> {
        require((0.0..=1.0).contains(&fraction), "jitter", fraction, "0 to 1")?;
        self.backoff.jitter = fraction;
        Ok(self)
    }
}

/// What becomes of an event that cannot be applied: its error is permanent, or its retries are spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum FailurePolicy {
    /// It is kept as a [dead letter](crate::projection::DeadLetter), and its stream is parked: later events of the
    /// stream wait behind it, in order. Other streams go on.
    #[default]
    DeadLetter,
    /// It is passed over, and kept for the record as a dismissed letter. Later events of its stream are applied.
    Skip,
    /// The subscription stops as faulted: nothing after the event is applied.
    Stop,
}

/// How many different events may fail in how much time, before the subscription faults.
///
/// It faults as well when so many events have failed in a row, however long that took: what fails is then not the
/// events but the projection, or what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailureLimit {
    pub(super) events: usize,
    pub(super) within: Duration,
}

impl Default for FailureLimit {
    /// 20 events within a minute.
    fn default() -> Self {
        Self { events: 20, within: Duration::from_secs(60) }
    }
}

impl FailureLimit {
    /// The subscription faults at the failure of the last of `events` different events within this time, or in a row.
    ///
    /// # Errors
    /// [`ConfigError`] where no event may fail ([`FailurePolicy::Stop`] says that), or above 10,000; or above one day.
    pub fn new(events: usize, within: Duration) -> Result<Self, ConfigError> {
        require((2..=10_000).contains(&events), "events", events, "2 to 10,000; `FailurePolicy::Stop` faults at one")?;
        let sensible = within <= Duration::from_secs(86_400);
        require(sensible, "within", format!("{within:?}"), "at most one day")?;
        Ok(Self { events, within })
    }

    /// No limit: every event of the log may become a dead letter.
    #[must_use]
    pub const fn none() -> Self {
        Self { events: usize::MAX, within: Duration::ZERO }
    }
}

/// What becomes of events that cannot be applied.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct FailurePolicies {
    pub(super) transient: FailurePolicy,
    pub(super) permanent: FailurePolicy,
    pub(super) in_rebuild: Option<FailurePolicy>,
    pub(super) limit: FailureLimit,
}

impl FailurePolicies {
    /// What becomes of an event that failed with an error of this class.
    pub(super) fn of(&self, class: ErrorClass, rebuilding: bool) -> FailurePolicy {
        match self.in_rebuild {
            Some(policy) if rebuilding => policy,
            _ => match class {
                ErrorClass::Transient => self.transient,
                ErrorClass::Permanent => self.permanent,
            },
        }
    }
}
