//! The relay: a subscription that publishes the log to the stream.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use eventsource::projection::{EventSubscriber, ProjectionKind, Subscriber, UnitOfWork};
use eventsource::{EventFilter, EventLog, HandlerError, PageLimit, Position, RecordedEvent, causes};

use crate::entry::Entry;
use crate::link::Connection;
use crate::stream::EventStream;
use crate::{RedisClient, RedisError};

/// How much of the log is read at once to publish lost events again.
const PAGE: PageLimit = PageLimit::events(500).within_bytes(8 * 1024 * 1024);

/// Publishes the events of a log to the stream [`RedisOptions::stream`](crate::RedisOptions::stream), each at least
/// once.
///
/// It is an effects projection: subscribe it with a [`SubscriptionManager`](eventsource::SubscriptionManager).
///
/// * **At least once, in the order of the log.** The checkpoint moves after the server has confirmed an event. A crash
///   in between publishes the event again: consumers compare the field `id`. Only the owner of the subscription
///   publishes; other processes are standbys.
/// * **Outages.** If the server is down, the relay waits, and the state of the subscription says so. No event becomes a
///   dead letter. The events are published when the server is back.
/// * **Lost events.** Redis confirms before it writes to the disk, unless it is configured with `appendfsync always`.
///   So a crash of the server can lose confirmed events. After each new connection, the relay compares the end of the
///   stream with the last event that this process has published, and publishes the missing events again, as far back as
///   [`RedisOptions::max_age`](crate::RedisOptions::max_age).
///
/// Each event costs one round trip. A [reset](eventsource::SubscriptionHandle::reset) publishes the whole log again.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use eventsource::prelude::*;
/// use eventsource_redis::{RedisClient, RedisOptions, RedisRelay};
///
/// let redis = RedisClient::open(RedisOptions::new("redis://127.0.0.1/"))?;
/// let store = MemoryEventStore::new(); // in practice a durable store, with its checkpoints
/// let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// manager.subscribe(RedisRelay::new(&redis, store), SubscriptionConfig::from_beginning()).await?;
/// manager.start().await?;
/// # Ok(())
/// # }
/// ```
pub struct RedisRelay {
    name: Cow<'static, str>,
    filter: EventFilter,
    log: Arc<dyn EventLog>,
    stream: EventStream,
    published: Published,
}

/// What this process has published.
#[derive(Debug, Clone, Copy)]
enum Published {
    /// Nothing yet.
    Nothing,
    /// The server confirmed the event at `position`, on the connection `epoch`.
    UpTo { position: Position, epoch: u64 },
}

impl RedisRelay {
    /// Creates a relay of all events in `log`, such as an event store. Its name is `redis-relay`. Does not connect.
    ///
    /// # Examples
    /// ```
    /// use eventsource::MemoryEventStore;
    /// use eventsource_redis::{RedisClient, RedisOptions, RedisRelay};
    ///
    /// let redis = RedisClient::open(RedisOptions::new("redis://127.0.0.1/"))?;
    /// let relay = RedisRelay::new(&redis, MemoryEventStore::new());
    /// # Ok::<(), eventsource_redis::RedisError>(())
    /// ```
    pub fn new(client: &RedisClient, log: impl EventLog) -> Self {
        Self {
            name: "redis-relay".into(),
            filter: EventFilter::all(),
            log: Arc::new(log),
            stream: EventStream::new(client),
            published: Published::Nothing,
        }
    }

    /// Sets the name of the relay: the name of its subscription and its checkpoint. The default is `redis-relay`.
    ///
    /// Two relays of one log need two names.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::MemoryEventStore;
    /// # use eventsource::projection::Subscriber;
    /// # use eventsource_redis::{RedisClient, RedisOptions, RedisRelay};
    /// # let redis = RedisClient::open(RedisOptions::new("redis://127.0.0.1/"))?;
    /// let relay = RedisRelay::new(&redis, MemoryEventStore::new()).named("orders-to-redis");
    /// assert_eq!(relay.name(), "orders-to-redis");
    /// # Ok::<(), eventsource_redis::RedisError>(())
    /// ```
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    /// Publishes only the events that match `filter`. The default is all events.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::MemoryEventStore;
    /// # use eventsource_redis::{RedisClient, RedisOptions, RedisRelay};
    /// use eventsource::EventFilter;
    ///
    /// # let redis = RedisClient::open(RedisOptions::new("redis://127.0.0.1/"))?;
    /// let relay = RedisRelay::new(&redis, MemoryEventStore::new()).filter(EventFilter::types(["OrderPlaced"]));
    /// # Ok::<(), eventsource_redis::RedisError>(())
    /// ```
    #[must_use]
    pub fn filter(mut self, filter: EventFilter) -> Self {
        self.filter = filter;
        self
    }

    /// Publishes `event`. Publishes lost events first.
    async fn publish(&mut self, event: &Arc<RecordedEvent>) -> Result<(), RedisError> {
        let connection = self.stream.link().connection().await?;
        if let Published::UpTo { position, epoch } = self.published
            && epoch != connection.epoch
        {
            self.publish_lost(&connection, position).await?;
        }
        self.stream.append_on(&connection, std::slice::from_ref(event)).await?;
        self.published = Published::UpTo { position: event.position(), epoch: connection.epoch };
        Ok(())
    }

    /// Publishes again the events up to `confirmed` that are not in the stream any more.
    async fn publish_lost(&self, connection: &Connection, confirmed: Position) -> Result<(), RedisError> {
        let last = self.stream.last_on(connection).await?;
        // If the last entry is of another program, it is unknown what is missing. If the stream is empty, everything
        // that is not too old is published.
        let mut after = match last.as_ref().map(|entry| Entry(entry).position()) {
            Some(Ok(position)) => position,
            Some(Err(error)) => {
                tracing::warn!(%error, "it is unknown which events Redis has lost: nothing is published again");
                return Ok(());
            }
            None => Position::START,
        };
        if after >= confirmed {
            return Ok(());
        }
        tracing::warn!(
            stream = self.stream.key(),
            from = after.value(),
            to = confirmed.value(),
            "Redis has lost events that it had confirmed: publishing them again"
        );
        let max_age = self.stream.client().options().max_age.and_then(|age| TimeDelta::from_std(age).ok());
        let oldest = max_age.and_then(|age| Utc::now().checked_sub_signed(age));
        while after < confirmed {
            let page = self.log.read_log(after, &self.filter, PAGE).await;
            let page = page.map_err(|error| RedisError::Log { reason: causes(&error).to_string() })?;
            let lost = |event: &&Arc<RecordedEvent>| {
                event.position() <= confirmed && oldest.is_none_or(|oldest| event.recorded_at() >= oldest)
            };
            let lost: Vec<_> = page.events.iter().filter(lost).cloned().collect();
            if !lost.is_empty() {
                self.stream.append_on(connection, &lost).await?;
            }
            if page.horizon <= after {
                break;
            }
            after = page.horizon;
        }
        Ok(())
    }
}

impl Subscriber for RedisRelay {
    const KIND: ProjectionKind = ProjectionKind::Effects;

    fn name(&self) -> Cow<'static, str> {
        self.name.clone()
    }

    fn subscribed_to(&self) -> EventFilter {
        self.filter.clone()
    }
}

impl<U: UnitOfWork> EventSubscriber<U> for RedisRelay {
    async fn handle(&mut self, event: &Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
        self.publish(event).await.map_err(|error| match error {
            RedisError::NotAnEvent { .. } => HandlerError::permanent(error),
            // Also a refusal of the server: it says nothing about the event, and no event is lost until an operator has
            // solved it.
            error => HandlerError::outage(error),
        })
    }

    /// Keeps the entries of the stream. Consumers find the events that they have handled by their ids.
    async fn truncate(&mut self, _: &mut U) -> Result<(), HandlerError> {
        self.published = Published::Nothing;
        Ok(())
    }
}

impl fmt::Debug for RedisRelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRelay")
            .field("name", &self.name)
            .field("filter", &self.filter)
            .field("client", self.stream.client())
            .field("published", &self.published)
            .finish_non_exhaustive()
    }
}
