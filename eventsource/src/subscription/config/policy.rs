//! What happens when an event fails: how often it is retried, and what happens when the retries are spent.

use std::time::Duration;

use crate::backoff::Backoff;
use crate::projection::ErrorClass;

/// The number of calls of a failing handler, and the delays between them.
///
/// The default is 5 attempts, and the four delays between them are at most 100, 200, 400 and 800 ms. Each delay is
/// drawn at random between 0 and its bound (full jitter), so that processes which failed together do not retry
/// together. So the delays of one event take 1.5 s at most in total, and 0.75 s on average. With more attempts the
/// bound doubles up to 10 s.
///
/// During a delay the whole subscription waits, with all its streams, and its state is
/// [`Retrying`](crate::SubscriptionState::Retrying). A stop and a pause end the delay at once.
///
/// A service that is down for longer than the delays makes a dead letter of each event, up to the [`FailureLimit`]. If
/// the cause is the service and not the event, return [`HandlerError::outage`](crate::HandlerError::outage): it is
/// retried until the service is back, and counts no attempt.
///
/// An error that is [permanent](crate::projection::ErrorClass::Permanent) is not retried. An outage of the store or the
/// database does not count as an attempt ([contained failure](crate::guarantees#contained-failure)).
///
/// ```
/// use std::time::Duration;
/// use eventsource::subscription::RetryPolicy;
///
/// let policy = RetryPolicy::new(10, Duration::from_millis(50), Duration::from_secs(30)).factor(3.0).jitter(0.5);
/// # let _ = policy;
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryPolicy {
    pub(in crate::subscription) attempts: u32,
    pub(in crate::subscription) backoff: Backoff,
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
    /// Allowed are at least 1 attempt, and a `max_delay` from `first_delay` to one day.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventsource::subscription::RetryPolicy;
    ///
    /// let policy = RetryPolicy::new(10, Duration::from_millis(50), Duration::from_secs(30));
    /// # let _ = policy;
    /// ```
    #[must_use]
    pub const fn new(attempts: u32, first_delay: Duration, max_delay: Duration) -> Self {
        Self { attempts, backoff: Backoff::new(first_delay, max_delay) }
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

    /// Sets the factor by which the bound of the delays grows each time. The default is 2; allowed are 1 to
    /// 100.
    ///
    /// ```
    /// use eventsource::subscription::RetryPolicy;
    ///
    /// let policy = RetryPolicy::default().factor(3.0); // at most 100 ms, 300 ms, 900 ms, 2.7 s
    /// # let _ = policy;
    /// ```
    #[must_use]
    pub const fn factor(mut self, factor: f64) -> Self {
        self.backoff.factor = factor;
        self
    }

    /// Sets which fraction of each delay is random. The default is 1, the whole delay. With 0 each delay equals its
    /// bound. Allowed are 0 to 1.
    ///
    /// ```
    /// use eventsource::subscription::RetryPolicy;
    ///
    /// let policy = RetryPolicy::default().jitter(0.0); // exactly 100 ms, 200 ms, 400 ms, 800 ms
    /// # let _ = policy;
    /// ```
    #[must_use]
    pub const fn jitter(mut self, fraction: f64) -> Self {
        self.backoff.jitter = fraction;
        self
    }
}

/// The action for an event that cannot be applied, because its error is permanent or its retries are spent.
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
    /// Stops the subscription as [`Faulted`](crate::SubscriptionState::Faulted). Nothing after the event is applied.
    ///
    /// The next start applies the event again. There is no call that skips it. To pass it without a new handler,
    /// subscribe with `DeadLetter` in this place, and [dismiss](crate::subscription::DeadLetters::dismiss) the letter.
    Stop,
}

/// The number of different events that may fail before the subscription stops as faulted.
///
/// The default is 20 events within a minute. The subscription also faults when that many events fail in a row, at any
/// speed: then the projection is broken, or something that it needs, and not the events.
///
/// - An event counts when its retries are spent, or when its error is permanent. With [`FailurePolicy::Skip`] it counts
///   too. Events that wait behind a letter, and letters that fail again in a retry, do not count.
/// - *In a row* means that no event of the subscription was applied in between.
/// - The event that reaches the limit does not become a letter: it is the `failure` of
///   [`Faulted`](crate::SubscriptionState::Faulted), and the next start applies it again. The letters before it stay.
/// - The counts begin at zero at each start, takeover and rebuild. So each start with a broken handler can add 19
///   letters.
///
/// ```
/// use std::time::Duration;
/// use eventsource::SubscriptionConfig;
/// use eventsource::subscription::FailureLimit;
///
/// let limit = FailureLimit::new(100, Duration::from_secs(600));
/// let config = SubscriptionConfig::default().failure_limit(limit);
/// # let _ = config;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailureLimit {
    pub(in crate::subscription) events: usize,
    pub(in crate::subscription) within: Duration,
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
    /// Allowed are 2 to 10,000 events within at most one day. With a time of zero, only events in a row count. To stop
    /// at the first failure, use [`FailurePolicy::Stop`].
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventsource::subscription::FailureLimit;
    ///
    /// // A hundred different events within ten minutes.
    /// let limit = FailureLimit::new(100, Duration::from_secs(600));
    /// # let _ = limit;
    /// ```
    #[must_use]
    pub const fn new(events: usize, within: Duration) -> Self {
        Self { events, within }
    }

    /// Sets no limit, neither within a time nor in a row. Every event of the log may become a dead letter.
    ///
    /// With a broken handler the table of letters then grows with the log, and a durable memory projection loads all
    /// its letters at its start.
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
pub(in crate::subscription) struct FailurePolicies {
    pub(in crate::subscription) transient: FailurePolicy,
    pub(in crate::subscription) permanent: FailurePolicy,
    pub(in crate::subscription) in_rebuild: Option<FailurePolicy>,
    pub(in crate::subscription) limit: FailureLimit,
}

impl FailurePolicies {
    /// Returns the policy for an event that failed with an error of this class.
    pub(in crate::subscription) fn of(&self, class: ErrorClass, rebuilding: bool) -> FailurePolicy {
        match self.in_rebuild {
            Some(policy) if rebuilding => policy,
            _ => match class {
                ErrorClass::Transient => self.transient,
                ErrorClass::Permanent => self.permanent,
            },
        }
    }
}
