//! Consumer groups: how one is described and started.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use eventsource::EventFilter;
use eventsource::bus::{BusError, BusSubscriber, BusSubscription};
use tokio::sync::watch;
use uuid::Uuid;

use crate::RedisClient;
use crate::consumer::Consumer;

/// A consumer group: each event of the stream is handled by one consumer of the group, at least once.
///
/// Consumers are added by [`subscribe`](Self::subscribe), in any number of processes. They take turns: the events of
/// one stream can be handled at the same time by two consumers of a group. A group with one consumer handles all in
/// order.
///
/// * **At least once.** An event is acknowledged when its subscriber returns `Ok`. What a consumer had read and not
///   acknowledged when it died is given to another after [`claim_after`](Self::claim_after). The
///   [id](eventsource::RecordedEvent::id) of an event tells whether it was handled already.
/// * **A subscriber that fails** or panics gets the event again, [`attempts`](Self::attempts) times, with delays that
///   double from 20 ms to 1 s. Then the entry goes to the stream
///   [`RedisOptions::failed_stream`](crate::RedisOptions::failed_stream), with the error, and the consumer goes on. So
///   does an entry that is no event.
/// * **A server that is down** is waited for, with backoff up to 1 s.
/// * A group begins with the oldest event of the stream, unless [`from_end`](Self::from_end) is said where it is made.
///
/// It needs Redis 7.0 or newer.
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
/// let consumer = RedisGroup::new(&redis, "billing").subscribe(EventFilter::types(["OrderPlaced"]), Arc::new(bill)).await?;
/// # drop(consumer);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisGroup {
    pub(crate) client: RedisClient,
    pub(crate) name: String,
    pub(crate) begins_at: Begin,
    pub(crate) attempts: u32,
    pub(crate) claim_after: Duration,
}

/// Where a group begins that does not exist yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    Oldest,
    End,
}

impl RedisGroup {
    /// The group of this name, on the stream of the server. Does not connect.
    pub fn new(client: &RedisClient, name: impl Into<String>) -> Self {
        Self {
            client: client.clone(),
            name: name.into(),
            begins_at: Begin::Oldest,
            attempts: 5,
            claim_after: Duration::from_secs(60),
        }
    }

    /// A group that does not exist yet begins with the next event.
    #[must_use]
    pub fn from_end(mut self) -> Self {
        self.begins_at = Begin::End;
        self
    }

    /// How often an event is handed to a subscriber that fails, 5 times by default, at least once.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// After how long an event is given to another consumer that its consumer has not acknowledged, 60 s by default. It
    /// has to be longer than a subscriber takes for 16 events, or events are handled by two consumers.
    #[must_use]
    pub fn claim_after(mut self, time: Duration) -> Self {
        self.claim_after = time;
        self
    }

    /// Adds a consumer, which handles events that pass `filter` and passes over the others, until the returned value is
    /// dropped. An event that is being handled then is finished.
    ///
    /// # Errors
    /// [`BusError`] if the server cannot be reached.
    pub async fn subscribe(
        &self,
        filter: EventFilter,
        subscriber: Arc<dyn BusSubscriber>,
    ) -> Result<BusSubscription, BusError> {
        let (stop, stopped) = watch::channel(());
        let name = format!("{}-{}", std::process::id(), Uuid::now_v7().simple());
        let mut consumer = Consumer::new(self, name, filter, subscriber, stopped);
        let made = consumer.make_group().await;
        made.map_err(|error| BusError::new(format!("join the consumer group `{}`", self.name), error))?;
        drop(tokio::spawn(consumer.run()));
        Ok(BusSubscription::new(move || drop(stop)))
    }
}

impl fmt::Debug for RedisGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisGroup")
            .field("name", &self.name)
            .field("client", &self.client)
            .field("begins_at", &self.begins_at)
            .field("attempts", &self.attempts)
            .field("claim_after", &self.claim_after)
            .finish()
    }
}
