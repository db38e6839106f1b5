//! A Redis server, as a notifier, a bus, a group and a relay share it.

use std::fmt;
use std::sync::Arc;

use crate::link::Link;
use crate::{RedisError, RedisOptions};

/// A Redis server. Clones share one connection, which is made by the first call and made again, with backoff, after it
/// was lost.
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
    /// The server of these options. Does not connect, so that a service starts while its Redis is down.
    ///
    /// # Errors
    /// [`RedisError::Address`] if the address cannot be read.
    pub fn open(options: RedisOptions) -> Result<Self, RedisError> {
        let link = Link::open(&options.url, options.timeout)?;
        Ok(Self(Arc::new(Shared { link, options })))
    }

    /// Asks the server for an answer.
    ///
    /// # Errors
    /// [`RedisError`] if it does not answer within [`RedisOptions::timeout`].
    pub async fn ping(&self) -> Result<(), RedisError> {
        let mut ping = redis::Pipeline::with_capacity(1);
        ping.cmd("PING").ignore();
        self.link().run(&ping).await
    }

    /// The options that it was opened with.
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
