//! The options for failures: retries, policies, limits and restarts.

use std::time::Duration;

use super::SubscriptionConfig;
use super::policy::{FailureLimit, FailurePolicy, RetryPolicy};
use super::restart::RestartPolicy;

impl SubscriptionConfig {
    /// Sets how often and how fast a failing handler is retried. The default is 5 attempts within about 1.5 s: see
    /// [`RetryPolicy`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use eventsource::SubscriptionConfig;
    /// use eventsource::subscription::RetryPolicy;
    ///
    /// let policy = RetryPolicy::new(3, Duration::from_millis(50), Duration::from_secs(1));
    /// let config = SubscriptionConfig::default().retry(policy);
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets what happens to an event that has failed for good, for both classes of errors. The default is
    /// [`FailurePolicy::DeadLetter`].
    ///
    /// It sets both [`on_transient_failure`](Self::on_transient_failure) and
    /// [`on_permanent_failure`](Self::on_permanent_failure): of several calls, the last one counts.
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    /// use eventsource::subscription::FailurePolicy;
    ///
    /// let config = SubscriptionConfig::default().on_failure(FailurePolicy::Stop);
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn on_failure(self, policy: FailurePolicy) -> Self {
        self.on_transient_failure(policy).on_permanent_failure(policy)
    }

    /// Sets what happens to an event whose last error was [transient](crate::projection::ErrorClass::Transient) and
    /// whose retries are spent. The default is [`FailurePolicy::DeadLetter`].
    ///
    /// An error of a type that the database does not know, such as that of an HTTP client or your own, is transient
    /// unless the handler states another class: see [`HandlerError`](crate::HandlerError).
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    /// use eventsource::subscription::FailurePolicy;
    ///
    /// // An error that a retry could cure stops the subscription. Another one becomes a dead letter.
    /// let config = SubscriptionConfig::default().on_transient_failure(FailurePolicy::Stop);
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn on_transient_failure(mut self, policy: FailurePolicy) -> Self {
        self.failures.transient = policy;
        self
    }

    /// Sets what happens to an event whose last error was [permanent](crate::projection::ErrorClass::Permanent). It is
    /// not retried. The default is [`FailurePolicy::DeadLetter`].
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    /// use eventsource::subscription::FailurePolicy;
    ///
    /// // An event that can never be applied is skipped and stored as a dismissed letter.
    /// let config = SubscriptionConfig::default().on_permanent_failure(FailurePolicy::Skip);
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn on_permanent_failure(mut self, policy: FailurePolicy) -> Self {
        self.failures.permanent = policy;
        self
    }

    /// Sets what happens to an event that fails in a rebuild, for both classes of errors. By default the policies of
    /// normal operation apply.
    ///
    /// With `Stop`, a wrong handler ends the rebuild at the first event, before a new read model with missing events
    /// serves.
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    /// use eventsource::subscription::FailurePolicy;
    ///
    /// let config = SubscriptionConfig::default().on_failure_in_rebuild(FailurePolicy::Stop);
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn on_failure_in_rebuild(mut self, policy: FailurePolicy) -> Self {
        self.failures.in_rebuild = Some(policy);
        self
    }

    /// Sets how many different events may fail before the subscription stops as faulted. The default is 20 events
    /// within a minute, or 20 in a row: see [`FailureLimit`].
    ///
    /// ```
    /// use eventsource::SubscriptionConfig;
    /// use eventsource::subscription::FailureLimit;
    ///
    /// let config = SubscriptionConfig::default().failure_limit(FailureLimit::none());
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn failure_limit(mut self, limit: FailureLimit) -> Self {
        self.failures.limit = limit;
        self
    }

    /// Sets how long one call of a handler may take. The default is 60 s; allowed are 1 ms to 1 day.
    ///
    /// A call that takes longer is dropped, and counts as failed. A handler that blocks its thread cannot be
    /// interrupted.
    ///
    /// On PostgreSQL, a transactional handler that does not use its connection for 30 s loses its transaction earlier
    /// than that: see `PostgresOptions::idle_in_transaction_session_timeout`. Do slow calls to other services in an
    /// effects projection.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().handler_timeout(Duration::from_secs(5));
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn handler_timeout(mut self, timeout: Duration) -> Self {
        self.handler_timeout = timeout;
        self
    }

    /// Sets how long one event may cause outages, before it counts as failed. By default there is no limit;
    /// allowed are 1 ms to 30 days.
    ///
    /// Some events always look like an outage, while the database answers other queries: for example a statement that
    /// always exceeds the server's `statement_timeout`, or a statement that ends its own connection. After this time,
    /// and at least three attempts, such an event has failed, and its [policy](Self::on_transient_failure) applies.
    /// Without a limit the subscription retries for ever, with delays of up to 5 s. Its state is
    /// [`Waiting`](crate::SubscriptionState::Waiting), whose reason names the event, the cause and the start time. All
    /// streams of the subscription wait: set a limit if one event must not stop them. An error that the handler returns
    /// as [`HandlerError::outage`](crate::HandlerError::outage) is limited in the same way.
    ///
    /// An outage of the whole database never counts as the failure of an event.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().outage_limit(Duration::from_secs(600));
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn outage_limit(mut self, time: Duration) -> Self {
        self.outage_limit = Some(time);
        self
    }

    /// Sets how long [dismissed](crate::projection::LetterState::Dismissed) letters are kept. The default is 90 days;
    /// allowed are 1 ms to 100 years. `None` keeps them until a reset or a rebuild.
    ///
    /// The manager that runs the subscription deletes older ones, 10 minutes after its start and then every 6 hours.
    /// Waiting letters stay, whatever their age. A memory projection keeps all letters, because it skips their events when
    /// it replays the log: see [`DeadLetters::forget_dismissed`](crate::subscription::DeadLetters::forget_dismissed).
    ///
    /// ```
    /// use std::time::Duration;
    /// use eventsource::SubscriptionConfig;
    ///
    /// let a_week = SubscriptionConfig::default().keep_dismissed(Some(Duration::from_secs(7 * 24 * 60 * 60)));
    /// let for_ever = SubscriptionConfig::default().keep_dismissed(None);
    /// # let _ = (a_week, for_ever);
    /// ```
    #[must_use]
    pub const fn keep_dismissed(mut self, time: Option<Duration>) -> Self {
        self.keep_dismissed = time;
        self
    }

    /// Sets whether a faulted subscription starts again by itself. The default is [`RestartPolicy::never`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use eventsource::SubscriptionConfig;
    /// use eventsource::subscription::RestartPolicy;
    ///
    /// // Three times, after about 1, 2 and 4 seconds.
    /// let policy = RestartPolicy::new(3, Duration::from_secs(1), Duration::from_secs(60));
    /// let config = SubscriptionConfig::default().restart(policy);
    /// # let _ = config;
    /// ```
    #[must_use]
    pub const fn restart(mut self, policy: RestartPolicy) -> Self {
        self.restart = policy;
        self
    }
}
