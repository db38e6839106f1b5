//! What Redis can fail with.

use std::time::Duration;

use redis::RedisError as DriverError;

/// What Redis can fail with. The log is not concerned: what was appended stays.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RedisError {
    /// The address is none of a Redis server.
    #[error("the address of the Redis server cannot be read: write redis://[user:password@]host[:port][/database]")]
    Address {
        /// Why not.
        source: DriverError,
    },
    /// The server cannot be reached, or has closed the connection.
    #[error("Redis at {server} cannot be reached: check that it runs and accepts connections there")]
    Unreachable {
        /// The host and the port.
        server: String,
        /// Why not.
        source: DriverError,
    },
    /// The server did not answer in time.
    #[error(
        "Redis at {server} did not answer within {after:?}: check that it runs; `RedisOptions::timeout` is how long a call waits"
    )]
    TimedOut {
        /// The host and the port.
        server: String,
        /// How long the call waited.
        after: Duration,
    },
    /// The server answered with an error, such as `WRONGTYPE` if the key is taken by other data.
    #[error("Redis at {server} refused the command: {code}")]
    Refused {
        /// The host and the port.
        server: String,
        /// The code of its answer, such as `WRONGTYPE`.
        code: String,
        /// What it answered.
        source: DriverError,
    },
    /// The entry of a stream is no event of this crate.
    #[error("entry {entry} of the stream is no event: its field `{field}` is missing or cannot be read")]
    NotAnEvent {
        /// The id of the entry.
        entry: String,
        /// The first field that is missing or cannot be read.
        field: &'static str,
    },
    /// The log could not be read, to publish again what the server has lost.
    #[error("the log could not be read, to publish again what Redis has lost: {reason}")]
    Log {
        /// Why not.
        reason: String,
    },
}

impl RedisError {
    /// Whether the server cannot be used at all at the moment, whatever the command is.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::TimedOut { .. })
    }
}
