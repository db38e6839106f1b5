//! Retries of commands after conflicts.

use std::time::Duration;

use crate::backoff::Backoff;

/// The number of attempts of a command, and the delays between them, if other writers cause conflicts.
///
/// The default is 50 attempts, with delays that double from 1 ms to 250 ms. Each delay is a random value between 0 and
/// that, so that two writers do not conflict again and again.
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
    /// Allows `attempts` attempts, including the first one (0 counts as 1), with delays that double from `first_delay`
    /// to `max_delay`.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventsource::aggregate::ConflictRetry;
    ///
    /// // Delays of up to 10, 20, 40 and 80 ms.
    /// let retry = ConflictRetry::new(5, Duration::from_millis(10), Duration::from_secs(1));
    /// assert_eq!(retry.attempts(), 5);
    /// ```
    #[must_use]
    pub const fn new(attempts: u32, first_delay: Duration, max_delay: Duration) -> Self {
        Self { attempts: if attempts == 0 { 1 } else { attempts }, backoff: Backoff::new(first_delay, max_delay) }
    }

    /// Allows one attempt: a conflict is not retried.
    ///
    /// # Examples
    /// ```
    /// use eventsource::aggregate::ConflictRetry;
    ///
    /// assert_eq!(ConflictRetry::never().attempts(), 1);
    /// ```
    #[must_use]
    pub const fn never() -> Self {
        Self::new(1, Duration::ZERO, Duration::ZERO)
    }

    /// Returns the number of attempts, including the first one.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Returns the delay after `attempts` attempts. `chance` is between 0 and 1.
    pub(super) fn delay(&self, attempts: u32, chance: f64) -> Duration {
        self.backoff.delay(attempts, chance)
    }
}
