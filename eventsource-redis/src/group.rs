//! Consumer groups.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use eventsource::EventFilter;
use eventsource::bus::{BusError, BusSubscriber, BusSubscription};
use tokio::sync::watch;
use uuid::Uuid;

use crate::RedisClient;
use crate::consumer::Consumer;
use crate::group_settings::{Begin, GroupSettings};

/// A consumer group: one consumer of the group handles each event of the stream, at least once.
///
/// [`subscribe`](Self::subscribe) adds a consumer, in any number of processes. The consumers share the events, so two
/// of them can handle events of one aggregate at the same time. A group with one consumer handles all events in order.
///
/// * **At least once.** An event is acknowledged when its subscriber returns `Ok`. If a consumer dies, another one gets
///   its unacknowledged events after [`claim_after`](Self::claim_after). Use the [id](eventsource::RecordedEvent::id)
///   of an event to find out whether it was handled before.
/// * **A subscriber fails** or panics: it gets the event again, up to [`attempts`](Self::attempts) times, with delays
///   that double from 20 ms to 1 s. Then the entry goes to the stream
///   [`RedisOptions::failed_stream`](crate::RedisOptions::failed_stream), with the error, and the consumer continues.
///   An entry that is not an event goes there at once.
/// * **The server is down:** the consumer tries again, with backoff up to 1 s.
/// * **A new group** starts with the oldest event of the stream, or with the next event if [`from_end`](Self::from_end)
///   is set.
///
/// Needs Redis 7.0 or newer.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
///
/// use eventsource::{EventFilter, RecordedEvent};
/// use eventsource_redis::{RedisClient, RedisGroup, RedisOptions};
///
/// let redis = RedisClient::open(RedisOptions::new("redis://127.0.0.1/"))?;
/// let bill = |event: Arc<RecordedEvent>| async move {
///     println!("bill order {}, once for the event {}", event.aggregate_id(), event.id());
///     Ok(())
/// };
/// let group = RedisGroup::new(&redis, "billing");
/// let consumer = group.subscribe(EventFilter::types(["OrderPlaced"]), Arc::new(bill)).await?;
/// # drop(consumer);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisGroup {
    settings: GroupSettings,
}

impl RedisGroup {
    /// Describes the group `name` on the stream of the server. Does not connect.
    ///
    /// # Examples
    /// ```
    /// # use eventsource_redis::{RedisClient, RedisOptions};
    /// use eventsource_redis::RedisGroup;
    ///
    /// # let redis = RedisClient::open(RedisOptions::new("redis://127.0.0.1/"))?;
    /// let group = RedisGroup::new(&redis, "billing");
    /// # Ok::<(), eventsource_redis::RedisError>(())
    /// ```
    pub fn new(client: &RedisClient, name: impl Into<String>) -> Self {
        Self {
            settings: GroupSettings {
                client: client.clone(),
                name: name.into(),
                begins_at: Begin::Oldest,
                attempts: 5,
                claim_after: Duration::from_secs(60),
            },
        }
    }

    /// Starts a new group with the next event. The default is the oldest event of the stream. A group that exists
    /// continues where it is.
    ///
    /// # Examples
    /// ```
    /// # use eventsource_redis::{RedisClient, RedisGroup, RedisOptions};
    /// # let redis = RedisClient::open(RedisOptions::new("redis://127.0.0.1/"))?;
    /// let group = RedisGroup::new(&redis, "mails").from_end();
    /// # Ok::<(), eventsource_redis::RedisError>(())
    /// ```
    #[must_use]
    pub fn from_end(mut self) -> Self {
        self.settings.begins_at = Begin::End;
        self
    }

    /// Sets how often a failing subscriber gets an event. The default is 5; 0 counts as 1.
    ///
    /// # Examples
    /// ```
    /// # use eventsource_redis::{RedisClient, RedisGroup, RedisOptions};
    /// # let redis = RedisClient::open(RedisOptions::new("redis://127.0.0.1/"))?;
    /// let group = RedisGroup::new(&redis, "billing").attempts(10);
    /// # Ok::<(), eventsource_redis::RedisError>(())
    /// ```
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.settings.attempts = attempts.max(1);
        self
    }

    /// Sets after which time another consumer gets an unacknowledged event. The default is 60 s.
    ///
    /// A consumer reads 16 events at once. If it needs longer than this time for them, another consumer handles some of
    /// them too.
    ///
    /// # Examples
    /// ```
    /// # use eventsource_redis::{RedisClient, RedisGroup, RedisOptions};
    /// # let redis = RedisClient::open(RedisOptions::new("redis://127.0.0.1/"))?;
    /// use std::time::Duration;
    ///
    /// // 16 events can take up to 5 minutes.
    /// let group = RedisGroup::new(&redis, "reports").claim_after(Duration::from_secs(300));
    /// # Ok::<(), eventsource_redis::RedisError>(())
    /// ```
    #[must_use]
    pub fn claim_after(mut self, time: Duration) -> Self {
        self.settings.claim_after = time;
        self
    }

    /// Adds a consumer. It handles the events that match `filter`, and acknowledges the others without handling them.
    ///
    /// The consumer runs until the returned value is dropped, and finishes its present event.
    ///
    /// # Errors
    /// [`BusError`] if the group cannot be created, for example because the server cannot be reached. Its source is a
    /// [`RedisError`](crate::RedisError). Call it again.
    ///
    /// # Panics
    /// Panics outside a Tokio runtime.
    ///
    /// # Examples
    /// ```no_run
    /// # use std::sync::Arc;
    /// # use eventsource::{EventFilter, RecordedEvent};
    /// # use eventsource_redis::RedisGroup;
    /// # async fn run(group: RedisGroup) -> Result<(), eventsource::bus::BusError> {
    /// async fn bill(event: Arc<RecordedEvent>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    ///     println!("bill order {}", event.aggregate_id());
    ///     Ok(())
    /// }
    ///
    /// // Keep the returned value: the consumer stops when it is dropped.
    /// let consumer = group.subscribe(EventFilter::types(["OrderPlaced"]), Arc::new(bill)).await?;
    /// # drop(consumer);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn subscribe(
        &self,
        filter: EventFilter,
        subscriber: Arc<dyn BusSubscriber>,
    ) -> Result<BusSubscription, BusError> {
        let (stop, stopped) = watch::channel(());
        let name = format!("{}-{}", std::process::id(), Uuid::now_v7().simple());
        let mut consumer = Consumer::new(&self.settings, name, filter, subscriber, stopped);
        let made = consumer.make_group().await;
        made.map_err(|error| BusError::new(format!("join the consumer group `{}`", self.settings.name), error))?;
        drop(tokio::spawn(consumer.run()));
        Ok(BusSubscription::new(move || drop(stop)))
    }
}

impl fmt::Debug for RedisGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let GroupSettings { client, name, begins_at, attempts, claim_after } = &self.settings;
        f.debug_struct("RedisGroup")
            .field("name", name)
            .field("client", client)
            .field("begins_at", begins_at)
            .field("attempts", attempts)
            .field("claim_after", claim_after)
            .finish()
    }
}
