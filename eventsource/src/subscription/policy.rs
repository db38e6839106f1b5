//! What happens when an event fails: how often it is retried, and what happens when the retries are spent.

use std::time::Duration;

use super::config::{ConfigError, require};
use crate::backoff::Backoff;
use crate::projection::ErrorClass;

/// How often a failing handler is called again, and after which delays.
///
/// The default is 5 attempts. The bound of the delay is 100 ms before the second attempt, and doubles up to 10 s. Each
/// delay is drawn at random between 0 and the bound (full jitter), so that processes which failed together do not retry
/// together.
///
/// An error that is [permanent](crate::projection::ErrorClass::Permanent) is not retried. An outage of the store or the
/// database does not count as an attempt ([contained failure](crate::guarantees#contained-failure)).
///
/// ```
/// use std::time::Duration;
/// use eventsource::subscription::RetryPolicy;
///
/// let policy = RetryPolicy::new(10, Duration::from_millis(50), Duration::from_secs(30))?.factor(3.0)?.jitter(0.5)?;
/// assert!(RetryPolicy::new(0, Duration::ZERO, Duration::ZERO).is_err());
/// # let _ = policy;
/// # Ok::<(), eventsource::subscription::ConfigError>(())
/// ```
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
    /// Calls the handler up to `attempts` times for one event, the first call included. The bound of the delays is
    /// `first_delay` before the second attempt, and doubles up to `max_delay`.
    ///
    /// # Errors
    /// [`ConfigError`] if `attempts` is 0, or if `max_delay` is less than `first_delay` or longer than one day.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventsource::subscription::RetryPolicy;
    ///
    /// let policy = RetryPolicy::new(10, Duration::from_millis(50), Duration::from_secs(30))?;
    /// let error = RetryPolicy::new(0, Duration::ZERO, Duration::ZERO).unwrap_err();
    /// println!("{error}");
    /// # let _ = policy;
    /// # Ok::<(), eventsource::subscription::ConfigError>(())
    /// ```
    pub fn new(attempts: u32, first_delay: Duration, max_delay: Duration) -> Result<Self, ConfigError> {
        require(attempts > 0, "attempts", attempts, "at least 1: the first call counts")?;
        let sensible = first_delay <= max_delay && max_delay <= Duration::from_secs(86_400);
        require(sensible, "max_delay", format!("{max_delay:?}"), "at least `first_delay` and at most one day")?;
        Ok(Self { attempts, backoff: Backoff::new(first_delay, max_delay) })
    }

    /// Calls the handler once and never retries.
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    /// use eventsource::subscription::RetryPolicy;
    ///
    /// let config = SubscriptionConfig::default().retry(RetryPolicy::never());
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn never() -> Self {
        Self { attempts: 1, backoff: Backoff::new(Duration::ZERO, Duration::ZERO) }
    }

    /// Sets the factor by which the bound of the delays grows each time. The default is 2.
    ///
    /// # Errors
    /// [`ConfigError`] outside 1 to 100.
    ///
    /// # Examples
    /// ```
    /// use eventsource::subscription::RetryPolicy;
    ///
    /// let policy = RetryPolicy::default().factor(3.0)?; // at most 100 ms, 300 ms, 900 ms, 2.7 s
    /// assert!(policy.factor(0.5).is_err());
    /// # Ok::<(), eventsource::subscription::ConfigError>(())
    /// ```
    pub fn factor(mut self, factor: f64) -> Result<Self, ConfigError> {
        require((1.0..=100.0).contains(&factor), "factor", factor, "1 to 100")?;
        self.backoff.factor = factor;
        Ok(self)
    }

    /// Sets which fraction of each delay is random. The default is 1, the whole delay. With 0 each delay equals its
    /// bound.
    ///
    /// # Errors
    /// [`ConfigError`] outside 0 to 1.
    ///
    /// # Examples
    /// ```
    /// use eventsource::subscription::RetryPolicy;
    ///
    /// let policy = RetryPolicy::default().jitter(0.0)?; // exactly 100 ms, 200 ms, 400 ms, 800 ms
    /// assert!(policy.jitter(1.5).is_err());
    /// # Ok::<(), eventsource::subscription::ConfigError>(())
    /// ```
    pub fn jitter(mut self, fraction: f64) -> Result<Self, ConfigError> {
        require((0.0..=1.0).contains(&fraction), "jitter", fraction, "0 to 1")?;
        self.backoff.jitter = fraction;
        Ok(self)
    }
}

/// What happens to an event that cannot be applied: its error is permanent, or its retries are spent.
///
/// ```
/// use eventsource::SubscriptionConfig;
/// use eventsource::subscription::FailurePolicy;
///
/// let config = SubscriptionConfig::default()
///     .on_transient_failure(FailurePolicy::Stop)
///     .on_permanent_failure(FailurePolicy::DeadLetter);
/// # let _ = config;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum FailurePolicy {
    /// Stores the event as a [dead letter](crate::projection::DeadLetter) and parks its stream: later events of the
    /// stream wait behind it, in order. Other streams continue. The default.
    #[default]
    DeadLetter,
    /// Skips the event and stores it as a dismissed letter. Later events of its stream are applied.
    Skip,
    /// Stops the subscription as faulted. Nothing after the event is applied.
    Stop,
}

/// How many different events may fail before the subscription stops as faulted.
///
/// The default is 20 events within a minute. The subscription also faults when that many events fail in a row, at any
/// speed: then the projection is broken, or something that it needs, and not the events.
///
/// ```
/// use std::time::Duration;
/// use eventsource::SubscriptionConfig;
/// use eventsource::subscription::FailureLimit;
///
/// let limit = FailureLimit::new(100, Duration::from_secs(600))?;
/// let config = SubscriptionConfig::default().failure_limit(limit);
/// # let _ = config;
/// # Ok::<(), eventsource::subscription::ConfigError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailureLimit {
    pub(super) events: usize,
    pub(super) within: Duration,
}

impl Default for FailureLimit {
    /// Faults at the 20th failed event within a minute.
    fn default() -> Self {
        Self { events: 20, within: Duration::from_secs(60) }
    }
}

impl FailureLimit {
    /// Faults when `events` different events have failed within the time `within`, or in a row.
    ///
    /// # Errors
    /// [`ConfigError`] if `events` is outside 2 to 10,000, or if `within` is longer than one day. To stop at the first
    /// failure, use [`FailurePolicy::Stop`].
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventsource::subscription::FailureLimit;
    ///
    /// let limit = FailureLimit::new(100, Duration::from_secs(600))?;
    /// assert!(FailureLimit::new(1, Duration::from_secs(600)).is_err());
    /// # let _ = limit;
    /// # Ok::<(), eventsource::subscription::ConfigError>(())
    /// ```
    pub fn new(events: usize, within: Duration) -> Result<Self, ConfigError> {
        require((2..=10_000).contains(&events), "events", events, "2 to 10,000; `FailurePolicy::Stop` faults at one")?;
        let sensible = within <= Duration::from_secs(86_400);
        require(sensible, "within", format!("{within:?}"), "at most one day")?;
        Ok(Self { events, within })
    }

    /// Sets no limit. Every event of the log may become a dead letter.
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    /// use eventsource::subscription::FailureLimit;
    ///
    /// let config = SubscriptionConfig::default().failure_limit(FailureLimit::none());
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn none() -> Self {
        Self { events: usize::MAX, within: Duration::ZERO }
    }
}

/// The failure policies of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct FailurePolicies {
    pub(super) transient: FailurePolicy,
    pub(super) permanent: FailurePolicy,
    pub(super) in_rebuild: Option<FailurePolicy>,
    pub(super) limit: FailureLimit,
}

impl FailurePolicies {
    /// Returns the policy for an event that failed with an error of this class.
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
