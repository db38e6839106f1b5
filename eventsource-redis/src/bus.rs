//! The event bus: publishes events to the stream, and passes them to every subscriber.

use std::fmt;
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use eventsource::bus::{BusError, BusSubscriber, BusSubscription, Wake};
use eventsource::{EventBus, EventFilter, MemoryEventBus, RecordedEvent};

use crate::RedisClient;
use crate::reader::Reader;
use crate::stream::EventStream;

/// An event bus on a Redis server: every subscriber, in every process, receives every event that is published while it
/// is subscribed, at most once.
///
/// * [`publish`](EventBus::publish) appends the events to the stream
///   [`RedisOptions::stream`](crate::RedisOptions::stream), all or none. It returns when the server has confirmed, and
///   fails after [`RedisOptions::timeout`](crate::RedisOptions::timeout). If the connection is lost during the call, an
///   event can be in the stream twice: compare their [ids](RecordedEvent::id).
/// * A subscriber has a queue of 1,024 events, like a subscriber of [`MemoryEventBus`]. A full queue drops its oldest
///   events. After an outage of the server, subscribers receive the events that were published during it, if the server
///   has kept them.
/// * Every subscriber receives the events in the order of the stream: the order in which publishes reached the server.
///   Two writers can publish in another order than the order of their commits. [`RedisRelay`](crate::RedisRelay)
///   publishes in the order of the log.
/// * Clones share one reader of the stream. The reader has a connection of its own, and ends with the last
///   subscription.
///
/// If a consumer must see every event at least once, publish with [`RedisRelay`](crate::RedisRelay) and consume with
/// [`RedisGroup`](crate::RedisGroup).
///
/// ```no_run
/// # async fn run(events: &[std::sync::Arc<eventsource::RecordedEvent>]) -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
///
/// use eventsource::{EventBus, EventFilter, RecordedEvent};
/// use eventsource_redis::{RedisClient, RedisEventBus, RedisOptions};
///
/// let redis = RedisClient::open(RedisOptions::new("redis://127.0.0.1/"))?;
/// let bus = RedisEventBus::new(&redis);
/// let print = |event: Arc<RecordedEvent>| async move {
///     println!("{} at {}", event.event_type(), event.position());
///     Ok(())
/// };
/// let subscription = bus.subscribe(EventFilter::types(["OrderPlaced"]), Arc::new(print)).await?;
/// bus.publish(events).await?;
/// # drop(subscription);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisEventBus {
    stream: EventStream,
    /// The subscribers of this process.
    local: MemoryEventBus,
    reader: Arc<tokio::sync::Mutex<Weak<Reader>>>,
}

impl RedisEventBus {
    /// Creates a bus on the server of `client`. Does not connect.
    ///
    /// # Examples
    /// ```
    /// use eventsource_redis::{RedisClient, RedisEventBus, RedisOptions};
    ///
    /// let redis = RedisClient::open(RedisOptions::new("redis://127.0.0.1/"))?;
    /// let bus = RedisEventBus::new(&redis);
    /// # Ok::<(), eventsource_redis::RedisError>(())
    /// ```
    #[must_use]
    pub fn new(client: &RedisClient) -> Self {
        Self { stream: EventStream::new(client), local: MemoryEventBus::new(), reader: Arc::default() }
    }

    /// Returns the reader. Starts it if it does not run.
    async fn reader(&self) -> Result<Arc<Reader>, BusError> {
        let mut running = self.reader.lock().await;
        if let Some(reader) = running.upgrade().filter(|reader| reader.is_running()) {
            return Ok(reader);
        }
        let reader = Reader::start(self.stream.clone(), self.local.clone()).await;
        let reader = Arc::new(reader.map_err(|error| BusError::new("subscribe", error))?);
        *running = Arc::downgrade(&reader);
        Ok(reader)
    }
}

#[async_trait]
impl EventBus for RedisEventBus {
    async fn publish(&self, events: &[Arc<RecordedEvent>]) -> Result<(), BusError> {
        if events.is_empty() {
            return Ok(());
        }
        self.stream
            .append(events)
            .await
            .map_err(|error| BusError::new(format!("publish {} events", events.len()), error))
    }

    async fn subscribe(
        &self,
        filter: EventFilter,
        subscriber: Arc<dyn BusSubscriber>,
    ) -> Result<BusSubscription, BusError> {
        let reader = self.reader().await?;
        let local = self.local.subscribe(filter, subscriber).await?;
        Ok(BusSubscription::new(move || drop((local, reader))))
    }

    async fn wake_on_publish(&self, wake: Wake) -> Result<BusSubscription, BusError> {
        let reader = self.reader().await?;
        let local = self.local.wake_on_publish(wake).await?;
        Ok(BusSubscription::new(move || drop((local, reader))))
    }
}

impl fmt::Debug for RedisEventBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisEventBus").field("client", self.stream.client()).field("local", &self.local).finish()
    }
}
