//! How often a faulted subscription starts again by itself.

use std::time::Duration;

use crate::backoff::Backoff;

/// The number of times that a faulted subscription starts again by itself, and the delays before it does.
///
/// The default is [`never`](Self::never): a faulted subscription waits for an operator. Use a policy for faults that pass
/// without a deployment, for example a table that another program creates, or a service that is reconfigured.
///
/// Only a [fault](crate::subscription::SubscriptionState::Faulted) is followed by a restart. A subscription that is
/// refused, fenced twice or stopped waits for an operator. Until the restart, the state is
/// [`Restarting`](crate::subscription::SubscriptionState::Restarting), which says when it comes. A restart begins with the
/// event that failed. After the last restart has failed, the subscription is faulted.
///
/// Restarts are counted until an operator starts the subscription, or until it faults at another event after it ran for
/// [`reset_after`](Self::reset_after).
///
/// ```
/// use std::time::Duration;
/// use eventsource::SubscriptionConfig;
/// use eventsource::subscription::RestartPolicy;
///
/// let policy = RestartPolicy::new(5, Duration::from_secs(1), Duration::from_secs(60));
/// let config = SubscriptionConfig::default().restart(policy);
/// # let _ = config;
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RestartPolicy {
    pub(in crate::subscription) attempts: u32,
    pub(in crate::subscription) backoff: Backoff,
    pub(in crate::subscription) reset_after: Duration,
}

impl Default for RestartPolicy {
    /// Never starts a faulted subscription again.
    fn default() -> Self {
        Self::never()
    }
}

impl RestartPolicy {
    /// Starts a faulted subscription again up to `attempts` times. The bound of the delay is `first_delay` before the
    /// first restart, and doubles up to `max_delay`. Each delay is drawn at random between half of the bound and the
    /// bound.
    ///
    /// Allowed are 1 to 1,000 attempts, a `first_delay` of at least 1 ms, and a `max_delay` from `first_delay` to one
    /// day.
    ///
    /// ```
    /// use std::time::Duration;
    /// use eventsource::subscription::RestartPolicy;
    ///
    /// let policy = RestartPolicy::new(5, Duration::from_secs(1), Duration::from_secs(60));
    /// assert_ne!(policy, RestartPolicy::never());
    /// ```
    #[must_use]
    pub const fn new(attempts: u32, first_delay: Duration, max_delay: Duration) -> Self {
        let mut backoff = Backoff::new(first_delay, max_delay);
        backoff.jitter = 0.5;
        Self { attempts, backoff, reset_after: Duration::from_secs(600) }
    }

    /// Never starts a faulted subscription again. The default.
    ///
    /// ```
    /// use eventsource::subscription::RestartPolicy;
    ///
    /// assert_eq!(RestartPolicy::default(), RestartPolicy::never());
    /// ```
    #[must_use]
    pub const fn never() -> Self {
        Self { attempts: 0, backoff: Backoff::new(Duration::ZERO, Duration::ZERO), reset_after: Duration::ZERO }
    }

    /// Sets how long the subscription must run before a fault at another event counts as the first one again. The
    /// default is 10 minutes; allowed are 1 ms to 1 day.
    ///
    /// A fault at the same event always counts, also after a long replay.
    ///
    /// ```
    /// use std::time::Duration;
    /// use eventsource::subscription::RestartPolicy;
    ///
    /// let policy = RestartPolicy::new(5, Duration::from_secs(1), Duration::from_secs(60));
    /// let policy = policy.reset_after(Duration::from_secs(3_600));
    /// # let _ = policy;
    /// ```
    #[must_use]
    pub const fn reset_after(mut self, time: Duration) -> Self {
        self.reset_after = time;
        self
    }
}
