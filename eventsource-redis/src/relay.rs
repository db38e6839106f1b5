//! The relay: a subscription that publishes the log to the stream.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use eventsource::projection::{EventSubscriber, ProjectionKind, Subscriber, UnitOfWork};
use eventsource::{EventFilter, EventStore, HandlerError, PageLimit, Position, RecordedEvent};

use crate::entry::Entry;
use crate::link::Connection;
use crate::stream::EventStream;
use crate::{RedisClient, RedisError};

/// How much of the log is read at once, to publish again what the server has lost.
const PAGE: PageLimit = PageLimit::events(500).within_bytes(8 * 1024 * 1024);

/// Publishes the events of a log to the stream [`RedisOptions::stream`](crate::RedisOptions::stream), each at least
/// once: an effects projection, which is subscribed to a [`SubscriptionManager`](eventsource::SubscriptionManager) like
/// any other.
///
/// * **At least once, in the order of the log.** The checkpoint moves after the server has confirmed an event. A crash
///   between the two publishes an event again: consumers tell by the field `id`. Only the owner of the subscription
///   publishes; another process stands by.
/// * **An outage of the server is waited out.** The state of the subscription names it, no event becomes a dead letter,
///   and the events that were appended meanwhile are published when the server is back.
/// * **What a crash of the server has lost is published again**, if this process has published it: after each new
///   connection the relay compares the end of the stream with what the server had confirmed, and reads what is missing
///   from the log, as far back as [`RedisOptions::max_age`](crate::RedisOptions::max_age). Redis confirms before it
///   writes to the disk, unless it is configured with `appendfsync always`.
///
/// Each event is confirmed on its own, one round trip an event. A [reset](eventsource::SubscriptionHandle::reset)
/// publishes the whole log again.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use eventsource::prelude::*;
/// use eventsource_redis::{RedisClient, RedisOptions, RedisRelay};
///
/// let redis = RedisClient::open(RedisOptions::new("redis://127.0.0.1/"))?;
/// let store = MemoryEventStore::new(); // in practice one that is durable, with its checkpoints
/// let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// manager.subscribe(RedisRelay::new(&redis, store), SubscriptionConfig::from_beginning()).await?;
/// manager.start().await?;
/// # Ok(())
/// # }
/// ```
pub struct RedisRelay {
    name: Cow<'static, str>,
    filter: EventFilter,
    log: Arc<dyn EventStore>,
    stream: EventStream,
    published: Published,
}

/// What this process knows of the stream.
#[derive(Debug, Clone, Copy)]
enum Published {
    /// Nothing was published yet.
    Nothing,
    /// The server confirmed the event at `position`, on the connection `epoch`.
    UpTo { position: Position, epoch: u64 },
}

impl RedisRelay {
    /// The relay of the log in `store`, under the name `redis-relay`, for all events.
    pub fn new(client: &RedisClient, store: impl EventStore) -> Self {
        Self {
            name: "redis-relay".into(),
            filter: EventFilter::all(),
            log: Arc::new(store),
            stream: EventStream::new(client),
            published: Published::Nothing,
        }
    }

    /// Under another name: that of its subscription and its checkpoint.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    /// Publishes only what passes `filter`.
    #[must_use]
    pub fn filter(mut self, filter: EventFilter) -> Self {
        self.filter = filter;
        self
    }

    /// Publishes `event`, after what the server has lost.
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

    /// Publishes again what was confirmed up to `confirmed` and is not in the stream any more.
    async fn publish_lost(&self, connection: &Connection, confirmed: Position) -> Result<(), RedisError> {
        let last = self.stream.last_on(connection).await?;
        // An entry of another program says nothing. Neither may an empty stream: then all is published that is not too
        // old.
        let mut after = match last.as_ref().map(|entry| Entry(entry).position()) {
            Some(Ok(position)) => position,
            Some(Err(error)) => {
                tracing::warn!(%error, "it cannot be told what Redis has lost, and nothing is published again");
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
            "Redis has lost events that it had confirmed: they are published again"
        );
        let max_age = self.stream.client().options().max_age.and_then(|age| TimeDelta::from_std(age).ok());
        let oldest = max_age.and_then(|age| Utc::now().checked_sub_signed(age));
        while after < confirmed {
            let page = self.log.read_log(after, &self.filter, PAGE).await;
            let page = page.map_err(|error| RedisError::Log { reason: error.to_string() })?;
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
            // Also what the server refuses: it says nothing of the event, and nothing is lost while an operator looks
            // at it.
            error => HandlerError::outage(error),
        })
    }

    /// What is in the stream stays: consumers tell by the ids of events what they have seen.
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
