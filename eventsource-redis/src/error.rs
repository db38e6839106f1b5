//! The errors of Redis.

use std::time::Duration;

use redis::RedisError as DriverError;

/// Why an operation on Redis failed. The log is not affected: events that were appended stay stored.
///
/// ```
/// use eventsource_redis::{RedisClient, RedisError, RedisOptions};
///
/// let error = RedisClient::open(RedisOptions::new("localhost")).unwrap_err();
/// assert!(matches!(error, RedisError::Address { .. }), "{error}");
/// assert!(!error.is_outage());
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RedisError {
    /// The address is not a valid Redis address. Write `redis://user:password@host:6379/0`.
    #[error("the address of the Redis server cannot be read: write redis://[user:password@]host[:port][/database]")]
    Address {
        /// The error of the driver.
        source: DriverError,
    },
    /// The server cannot be reached, or has closed the connection. Try again later.
    #[error("Redis at {server} cannot be reached: check that it runs and accepts connections there")]
    Unreachable {
        /// The host and the port.
        server: String,
        /// The error of the driver.
        source: DriverError,
    },
    /// The server did not answer in time. Try again later, or raise
    /// [`RedisOptions::timeout`](crate::RedisOptions::timeout).
    #[error(
        "Redis at {server} did not answer within {after:?}: check that it runs; `RedisOptions::timeout` is how long a call waits"
    )]
    TimedOut {
        /// The host and the port.
        server: String,
        /// How long the call waited.
        after: Duration,
    },
    /// The server answered with an error, for example `WRONGTYPE` if the key contains other data.
    #[error("Redis at {server} refused the command: {code}")]
    Refused {
        /// The host and the port.
        server: String,
        /// The code of its answer, for example `WRONGTYPE`.
        code: String,
        /// The answer.
        source: DriverError,
    },
    /// An entry of the stream is not an event of this crate.
    #[error("entry {entry} of the stream is not an event: its field `{field}` is missing or cannot be read")]
    NotAnEvent {
        /// The id of the entry.
        entry: String,
        /// The first field that is missing or cannot be read.
        field: &'static str,
    },
    /// The relay could not read the log, to publish the events again that the server has lost.
    #[error("the log could not be read, to publish the events again that Redis has lost: {reason}")]
    Log {
        /// The error of the event store.
        reason: String,
    },
}

impl RedisError {
    /// Returns whether the server cannot be used at the moment: it cannot be reached, or does not answer in time.
    ///
    /// # Examples
    /// ```
    /// use eventsource_redis::{RedisClient, RedisOptions};
    ///
    /// let error = RedisClient::open(RedisOptions::new("not a URL")).unwrap_err();
    /// assert!(!error.is_outage(), "another attempt does not help");
    /// ```
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::TimedOut { .. })
    }
}
