//! How a subscription is to run.

use std::time::Duration;

use crate::event::Position;

/// Where a subscription starts, as long as it has no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum StartFrom {
    /// At its checkpoint; at the beginning of the log where there is none.
    #[default]
    Checkpoint,
    /// At the beginning of the log.
    Beginning,
    /// After the event that is the last one when the subscription first starts.
    End,
    /// After this position.
    After(Position),
}

/// How a subscription is to run. Every value is checked when it is set.
///
/// ```
/// use std::time::Duration;
/// use eventsource::SubscriptionConfig;
///
/// let config = SubscriptionConfig::from_beginning().batch_size(500)?.poll_interval(Duration::from_secs(2))?;
/// assert!(config.batch_size(0).unwrap_err().to_string().contains("batch_size"));
/// # Ok::<(), eventsource::subscription::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SubscriptionConfig {
    pub(super) name: Option<String>,
    pub(super) start: StartFrom,
    pub(super) batch_size: usize,
    pub(super) poll_interval: Duration,
    pub(super) retry: RetryPolicy,
}

/// A configuration asked for something that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{option}` is {value}, but must be {rule}")]
#[non_exhaustive]
pub struct ConfigError {
    /// The option.
    pub option: &'static str,
    /// The value it was given.
    pub value: String,
    /// What it must be.
    pub rule: &'static str,
}

fn require(holds: bool, option: &'static str, value: impl ToString, rule: &'static str) -> Result<(), ConfigError> {
    if holds { Ok(()) } else { Err(ConfigError { option, value: value.to_string(), rule }) }
}

impl Default for SubscriptionConfig {
    fn default() -> Self {
        Self {
            name: None,
            start: StartFrom::Checkpoint,
            batch_size: 1_000,
            poll_interval: Duration::from_millis(500),
            retry: RetryPolicy::default(),
        }
    }
}

impl SubscriptionConfig {
    /// From the checkpoint; from the beginning where there is none. The same as the default.
    #[must_use]
    pub fn from_checkpoint() -> Self {
        Self::default()
    }

    /// From the beginning of the log. Refused where a durable checkpoint exists.
    #[must_use]
    pub fn from_beginning() -> Self {
        Self { start: StartFrom::Beginning, ..Self::default() }
    }

    /// Only what is stored after the subscription's first start. Refused where a durable checkpoint exists.
    #[must_use]
    pub fn from_end() -> Self {
        Self { start: StartFrom::End, ..Self::default() }
    }

    /// Only what is stored after `position`. Refused where a durable checkpoint exists.
    #[must_use]
    pub fn after(position: Position) -> Self {
        Self { start: StartFrom::After(position), ..Self::default() }
    }

    /// Under this name, in place of the projection's: 1 to 255 bytes.
    ///
    /// # Errors
    /// [`ConfigError`] where the name is empty or longer.
    pub fn name(mut self, name: impl Into<String>) -> Result<Self, ConfigError> {
        let name = name.into();
        require((1..=255).contains(&name.len()), "name", format!("{name:?}"), "1 to 255 bytes long")?;
        self.name = Some(name);
        Ok(self)
    }

    /// At most so many events are read and applied at once; 1,000 by default. Two pages of them are held in memory.
    ///
    /// # Errors
    /// [`ConfigError`] outside 1 to 100,000.
    pub fn batch_size(mut self, events: usize) -> Result<Self, ConfigError> {
        require((1..=100_000).contains(&events), "batch_size", events, "1 to 100,000 events")?;
        self.batch_size = events;
        Ok(self)
    }

    /// How often the log is looked into when nothing wakes the subscription; 500 ms by default. The latency, at
    /// worst, of events that another process appends, or of a lost wake-up.
    ///
    /// # Errors
    /// [`ConfigError`] outside 1 ms to 1 hour.
    pub fn poll_interval(mut self, interval: Duration) -> Result<Self, ConfigError> {
        let sensible = (Duration::from_millis(1)..=Duration::from_secs(3_600)).contains(&interval);
        require(sensible, "poll_interval", format!("{interval:?}"), "1 ms to 1 hour")?;
        self.poll_interval = interval;
        Ok(self)
    }

    /// How a failing handler is retried.
    #[must_use]
    pub const fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }
}

/// How a failing handler is retried: how often, and after which delays.
///
/// By default five attempts; before the second one up to 100 ms, then up to twice as much each time, at most 10 s.
/// Each delay is drawn from 0 to that bound (full jitter), so that what failed together is not retried together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    pub(super) attempts: u32,
    pub(super) first_delay: Duration,
    pub(super) max_delay: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 5, first_delay: Duration::from_millis(100), max_delay: Duration::from_secs(10) }
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
        Ok(Self { attempts, first_delay, max_delay })
    }

    /// One attempt: the first failure faults the subscription.
    #[must_use]
    pub const fn never() -> Self {
        Self { attempts: 1, first_delay: Duration::ZERO, max_delay: Duration::ZERO }
    }
}
