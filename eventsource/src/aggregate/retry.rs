//! How often a command is tried again where another writer came between.

use std::time::Duration;

use crate::backoff::Backoff;

/// How often a command is tried where writers contend for an aggregate, and the delays in between.
///
/// By default 50 attempts, with delays that double from 1 ms to 250 ms. Each delay is drawn at random between 0 and that, so
/// that writers that met once do not meet again.
///
/// ```
/// use std::time::Duration;
/// use eventsource::aggregate::ConflictRetry;
///
/// let retry = ConflictRetry::new(5, Duration::from_millis(10), Duration::from_secs(1));
/// assert_eq!(retry.attempts(), 5);
/// assert_eq!(ConflictRetry::never().attempts(), 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConflictRetry {
    attempts: u32,
    backoff: Backoff,
}

impl Default for ConflictRetry {
    fn default() -> Self {
        Self::new(50, Duration::from_millis(1), Duration::from_millis(250))
    }
}

impl ConflictRetry {
    /// `attempts` in all, the first included (0 counts as 1), with delays that double from `first_delay` to `max_delay`.
    #[must_use]
    pub const fn new(attempts: u32, first_delay: Duration, max_delay: Duration) -> Self {
        Self { attempts: if attempts == 0 { 1 } else { attempts }, backoff: Backoff::new(first_delay, max_delay) }
    }

    /// One attempt: a conflict is not retried.
    #[must_use]
    pub const fn never() -> Self {
        Self::new(1, Duration::ZERO, Duration::ZERO)
    }

    /// The number of attempts, the first included.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The delay after so many attempts.
    pub(super) fn delay(&self, attempts: u32, chance: f64) -> Duration {
        self.backoff.delay(attempts, chance)
    }
}
