//! Which options of a configuration are out of their range.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::{FailureLimit, RestartPolicy, RetryPolicy, SubscriptionConfig};
use crate::store::check_name;

const MILLISECOND: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
const KIB: usize = 1_024;
const GIB: usize = 1_024 * 1_024 * 1_024;

/// An option of a configuration that is out of its range.
///
/// ```
/// use eventsource::SubscriptionConfig;
///
/// let invalid = SubscriptionConfig::default().batch_size(0).invalid_options();
/// assert_eq!(invalid[0].to_string(), "`batch_size` is 0, but must be 1 to 100,000 events");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidOption {
    /// The name of the option.
    pub option: &'static str,
    /// The value that was refused.
    pub value: String,
    /// The values that are allowed.
    pub rule: &'static str,
}

impl fmt::Display for InvalidOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is {}, but must be {}", self.option, self.value, self.rule)
    }
}

/// The options that were found out of their range.
struct Findings(Vec<InvalidOption>);

impl Findings {
    fn require(&mut self, holds: bool, option: &'static str, value: impl ToString, rule: &'static str) {
        if !holds {
            self.0.push(InvalidOption { option, value: value.to_string(), rule });
        }
    }

    fn require_time(
        &mut self,
        range: RangeInclusive<Duration>,
        option: &'static str,
        time: Duration,
        rule: &'static str,
    ) {
        self.require(range.contains(&time), option, format!("{time:?}"), rule);
    }
}

impl SubscriptionConfig {
    /// Returns the options that are out of their range, in the order of their declaration. Empty if the configuration
    /// can be used.
    ///
    /// [`subscribe`](crate::SubscriptionManager::subscribe) refuses a configuration for which this is not empty.
    ///
    /// ```
    /// use std::time::Duration;
    /// use eventsource::SubscriptionConfig;
    ///
    /// let config = SubscriptionConfig::default().batch_size(0).lease(Duration::ZERO);
    /// let invalid: Vec<_> = config.invalid_options().iter().map(|found| found.option).collect();
    /// assert_eq!(invalid, ["batch_size", "lease"]);
    /// ```
    #[must_use]
    pub fn invalid_options(&self) -> Vec<InvalidOption> {
        let mut found = Findings(Vec::new());
        if let Some(name) = &self.name {
            found.require((1..=255).contains(&name.len()), "name", format!("{name:?}"), "1 to 255 bytes long");
        }
        if let Some(tenant) = &self.tenant {
            let is_storable = !tenant.is_empty() && check_name("tenant", tenant).is_ok();
            found.require(is_storable, "tenant", format!("{tenant:?}"), "1 to 512 bytes long, without NUL");
        }
        let events = self.batch_size;
        found.require((1..=100_000).contains(&events), "batch_size", events, "1 to 100,000 events");
        let bytes = self.batch_bytes;
        let rule = "1 KiB to 1 GiB (1,024 to 1,073,741,824 bytes)";
        found.require((KIB..=GIB).contains(&bytes), "batch_bytes", bytes, rule);
        found.require_time(MILLISECOND..=HOUR, "poll_interval", self.poll_interval, "1 ms to 1 hour");
        self.retry.check(&mut found);
        self.failures.limit.check(&mut found);
        self.restart.check(&mut found);
        found.require_time(MILLISECOND..=DAY, "handler_timeout", self.handler_timeout, "1 ms to 1 day");
        if let Some(time) = self.outage_limit {
            found.require_time(MILLISECOND..=30 * DAY, "outage_limit", time, "1 ms to 30 days");
        }
        if let Some(time) = self.keep_dismissed {
            found.require_time(MILLISECOND..=36_525 * DAY, "keep_dismissed", time, "1 ms to 100 years");
        }
        found.require_time(Duration::from_millis(50)..=HOUR, "lease", self.lease, "50 ms to 1 hour");
        let every = self.snapshot_every;
        found.require(every > 0, "snapshot_every", every, "at least 1 event");
        found.0
    }
}

impl RetryPolicy {
    fn check(&self, found: &mut Findings) {
        found.require(self.attempts > 0, "attempts", self.attempts, "at least 1: the first call counts");
        let delays = self.backoff;
        let rule = "at least `first_delay` and at most one day";
        found.require(delays.first <= delays.max && delays.max <= DAY, "max_delay", format!("{:?}", delays.max), rule);
        found.require((1.0..=100.0).contains(&delays.factor), "factor", delays.factor, "1 to 100");
        found.require((0.0..=1.0).contains(&delays.jitter), "jitter", delays.jitter, "0 to 1");
    }
}

impl RestartPolicy {
    fn check(&self, found: &mut Findings) {
        if *self == Self::never() {
            return;
        }
        let rule = "1 to 1,000 restarts; `RestartPolicy::never` allows none";
        found.require((1..=1_000).contains(&self.attempts), "restart", self.attempts, rule);
        let delays = self.backoff;
        found.require_time(MILLISECOND..=DAY, "restart.first_delay", delays.first, "1 ms to 1 day");
        let rule = "at least `first_delay` and at most one day";
        let is_max = delays.first <= delays.max && delays.max <= DAY;
        found.require(is_max, "restart.max_delay", format!("{:?}", delays.max), rule);
        found.require_time(MILLISECOND..=DAY, "restart.reset_after", self.reset_after, "1 ms to 1 day");
    }
}

impl FailureLimit {
    fn check(&self, found: &mut Findings) {
        if *self == Self::none() {
            return;
        }
        let rule = "2 to 10,000; `FailurePolicy::Stop` faults at one";
        found.require((2..=10_000).contains(&self.events), "events", self.events, rule);
        found.require_time(Duration::ZERO..=DAY, "within", self.within, "at most one day");
    }
}
