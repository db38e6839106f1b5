//! The options of a Redis server.

use std::time::Duration;

/// The options of a [`RedisClient`](crate::RedisClient): the address of the server, the names of its keys, and limits.
///
/// ```
/// use std::time::Duration;
///
/// use eventsource_redis::RedisOptions;
///
/// let options = RedisOptions::new("redis://127.0.0.1:6379/")
///     .prefix("shop")
///     .timeout(Duration::from_millis(500))
///     .max_age(Duration::from_secs(60 * 60));
/// assert_eq!(options.stream(), "shop:events");
/// assert_eq!(options.channel(), "shop:wake");
/// ```
#[derive(Clone)]
pub struct RedisOptions {
    pub(crate) url: String,
    prefix: String,
    pub(crate) timeout: Duration,
    pub(crate) max_age: Option<Duration>,
}

impl RedisOptions {
    /// Creates the default options for the server at `url`, for example `redis://user:password@host:6379/0`.
    ///
    /// [`RedisClient::open`](crate::RedisClient::open) checks the URL.
    ///
    /// # Examples
    /// ```
    /// use eventsource_redis::RedisOptions;
    ///
    /// let options = RedisOptions::new("redis://127.0.0.1:6379/");
    /// assert_eq!(options.stream(), "eventsource:events");
    /// ```
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            prefix: "eventsource".to_owned(),
            timeout: Duration::from_secs(1),
            max_age: Some(Duration::from_secs(7 * 24 * 60 * 60)),
        }
    }

    /// Sets the prefix of the names of the stream and the channel. The default is `eventsource`.
    ///
    /// Two logs that share a server need two prefixes.
    ///
    /// # Examples
    /// ```
    /// use eventsource_redis::RedisOptions;
    ///
    /// let options = RedisOptions::new("redis://127.0.0.1/").prefix("shop");
    /// assert_eq!((options.stream(), options.channel()), ("shop:events".into(), "shop:wake".into()));
    /// ```
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets how long a call waits for the server, including the time to connect. The default is 1 s.
    ///
    /// After that time, the call fails with [`RedisError::TimedOut`](crate::RedisError::TimedOut).
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventsource_redis::RedisOptions;
    ///
    /// let options = RedisOptions::new("redis://127.0.0.1/").timeout(Duration::from_millis(300));
    /// ```
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how long an event stays in the stream, at least. The default is 7 days.
    ///
    /// A publish removes older events, in blocks: Redis may keep up to 100 entries longer. A consumer that is away for
    /// longer misses events in the stream. They are still in the log.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    ///
    /// use eventsource_redis::RedisOptions;
    ///
    /// let one_day = Duration::from_secs(24 * 60 * 60);
    /// let options = RedisOptions::new("redis://127.0.0.1/").max_age(one_day);
    /// ```
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Keeps every event in the stream. The memory of the server grows with the log.
    ///
    /// # Examples
    /// ```
    /// use eventsource_redis::RedisOptions;
    ///
    /// let options = RedisOptions::new("redis://127.0.0.1/").without_trimming();
    /// ```
    #[must_use]
    pub fn without_trimming(mut self) -> Self {
        self.max_age = None;
        self
    }

    /// Returns the key of the stream of events: `<prefix>:events`.
    #[must_use]
    pub fn stream(&self) -> String {
        format!("{}:events", self.prefix)
    }

    /// Returns the channel of wake-ups: `<prefix>:wake`.
    #[must_use]
    pub fn channel(&self) -> String {
        format!("{}:wake", self.prefix)
    }

    /// Returns the key of the stream of entries that the consumers of `group` have given up:
    /// `<prefix>:events:failed:<group>`.
    ///
    /// # Examples
    /// ```
    /// use eventsource_redis::RedisOptions;
    ///
    /// let options = RedisOptions::new("redis://127.0.0.1/").prefix("shop");
    /// assert_eq!(options.failed_stream("billing"), "shop:events:failed:billing");
    /// ```
    #[must_use]
    pub fn failed_stream(&self, group: &str) -> String {
        format!("{}:failed:{group}", self.stream())
    }
}

/// Leaves out the address, which may contain a password.
impl std::fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisOptions")
            .field("prefix", &self.prefix)
            .field("timeout", &self.timeout)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}
