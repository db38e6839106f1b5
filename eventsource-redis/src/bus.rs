//! The event bus: events by the stream, received by every subscriber.

use std::fmt;
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use eventsource::bus::{BusError, BusSubscriber, BusSubscription, Wake};
use eventsource::{EventBus, EventFilter, MemoryEventBus, RecordedEvent};

use crate::RedisClient;
use crate::reader::Reader;
use crate::stream::EventStream;

/// The event bus of a Redis server: every subscriber, in every process, receives every event that is published while it
/// is subscribed.
///
/// * [`publish`](EventBus::publish) appends the events to the stream
///   [`RedisOptions::stream`](crate::RedisOptions::stream), all or none, and returns when the server has confirmed it,
///   after [`RedisOptions::timeout`](crate::RedisOptions::timeout) at most. If the connection is lost meanwhile, events
///   can be in the stream twice: their [id](RecordedEvent::id) tells.
/// * A subscriber receives events as those of [`MemoryEventBus`] do: through a queue of 1,024 events, whose oldest are
///   dropped if it is full. After the server was down, subscribers receive what was published meanwhile, if the server
///   has kept it.
/// * Every subscriber receives the events in the order of the stream, which is the order in which publishes reached the
///   server. Two writers can publish in another order than that in which they committed:
///   [`RedisRelay`](crate::RedisRelay) publishes in the order of the log.
/// * Clones share one reader of the stream, which has a connection of its own and ends with the last subscription.
///
/// For consumers that must see every event, at least once, take [`RedisRelay`](crate::RedisRelay), which publishes, and
/// [`RedisGroup`](crate::RedisGroup), which consumes.
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
    /// The bus of the server. Does not connect.
    #[must_use]
    pub fn new(client: &RedisClient) -> Self {
        Self { stream: EventStream::new(client), local: MemoryEventBus::new(), reader: Arc::default() }
    }

    /// The reader, started if it does not run.
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
