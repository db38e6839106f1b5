//! The client of a Redis server, shared by a notifier, a bus, a group and a relay.

use std::fmt;
use std::sync::Arc;

use crate::link::Link;
use crate::{RedisError, RedisOptions};

/// A client of a Redis server. Clones share one connection.
///
/// The first call connects. After the connection was lost, later calls connect again, with backoff up to 1 s.
///
/// ```no_run
/// # async fn run() -> Result<(), eventsource_redis::RedisError> {
/// use eventsource_redis::{RedisClient, RedisOptions};
///
/// let redis = RedisClient::open(RedisOptions::new("redis://127.0.0.1/").prefix("shop"))?;
/// redis.ping().await?; // optional: whether the server is there
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisClient(Arc<Shared>);

struct Shared {
    link: Link,
    options: RedisOptions,
}

impl RedisClient {
    /// Creates a client with these options. Does not connect, so that a service can start while its Redis is down.
    ///
    /// # Errors
    /// [`RedisError::Address`] if the address is not a valid Redis address.
    ///
    /// # Examples
    /// ```
    /// use eventsource_redis::{RedisClient, RedisOptions};
    ///
    /// let redis = RedisClient::open(RedisOptions::new("redis://127.0.0.1/"))?;
    /// # let _ = redis;
    /// # Ok::<(), eventsource_redis::RedisError>(())
    /// ```
    pub fn open(options: RedisOptions) -> Result<Self, RedisError> {
        let link = Link::open(&options.url, options.timeout)?;
        Ok(Self(Arc::new(Shared { link, options })))
    }

    /// Checks that the server answers.
    ///
    /// # Errors
    /// - [`RedisError::Unreachable`] or [`RedisError::TimedOut`]: the server cannot be reached, or does not answer
    ///   within [`RedisOptions::timeout`]. Try again later.
    /// - [`RedisError::Refused`]: the server answers with an error, for example because the password is wrong.
    ///
    /// # Panics
    /// Panics outside a Tokio runtime.
    ///
    /// # Examples
    /// ```no_run
    /// use eventsource_redis::{RedisClient, RedisOptions};
    ///
    /// # async fn run() -> Result<(), eventsource_redis::RedisError> {
    /// let redis = RedisClient::open(RedisOptions::new("redis://127.0.0.1/"))?;
    /// if let Err(error) = redis.ping().await {
    ///     eprintln!("starting without Redis: {error}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ping(&self) -> Result<(), RedisError> {
        let mut ping = redis::Pipeline::with_capacity(1);
        ping.cmd("PING").ignore();
        self.link().run(&ping).await
    }

    /// Returns the options of the client.
    ///
    /// # Examples
    /// ```
    /// use eventsource_redis::{RedisClient, RedisOptions};
    ///
    /// let redis = RedisClient::open(RedisOptions::new("redis://127.0.0.1/").prefix("shop"))?;
    /// assert_eq!(redis.options().stream(), "shop:events");
    /// # Ok::<(), eventsource_redis::RedisError>(())
    /// ```
    #[must_use]
    pub fn options(&self) -> &RedisOptions {
        &self.0.options
    }

    pub(crate) fn link(&self) -> &Link {
        &self.0.link
    }
}

impl fmt::Debug for RedisClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisClient")
            .field("server", &self.link().server())
            .field("options", self.options())
            .finish_non_exhaustive()
    }
}
