//! The notifier: wake-ups by Pub/Sub.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use eventsource::bus::{BusError, BusSubscription, Wake};
use eventsource::{Notifier, Position, RecordedEvent};
use redis::Pipeline;

use crate::listeners::Listeners;
use crate::{RedisClient, RedisError};

/// Wakes subscriptions in other processes within milliseconds, by Pub/Sub on the channel
/// [`RedisOptions::channel`](crate::RedisOptions::channel).
///
/// Give it to the [`AggregateRepository`](eventsource::AggregateRepository) that saves events, and to the
/// [`SubscriptionManager`](eventsource::SubscriptionManager) that projects them. A program that appends to the store
/// directly calls [`notify`](Notifier::notify) after the append.
///
/// * A message contains the highest announced position, as a decimal number. It is a hint for other programs:
///   subscriptions read the log.
/// * [`notify`](Notifier::notify) waits for the answer of the server, for
///   [`RedisOptions::timeout`](crate::RedisOptions::timeout) at most. Simultaneous calls share one message.
/// * [`listen`](Notifier::listen) fails if the server cannot be reached; a manager tries again. If the connection is
///   lost later, the notifier connects again, with backoff up to 1 s, and wakes every listener, because wake-ups were
///   lost.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use eventsource::prelude::*;
/// use eventsource_redis::{RedisClient, RedisNotifier, RedisOptions};
///
/// let redis = RedisClient::open(RedisOptions::new("redis://127.0.0.1/"))?;
/// let store = MemoryEventStore::new(); // in practice a store that both processes reach
/// let manager = SubscriptionManager::new(store, RedisNotifier::new(&redis), MemoryCheckpoints::new());
/// manager.start().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisNotifier(Arc<Shared>);

struct Shared {
    client: RedisClient,
    listeners: Listeners,
    /// How many notifications were asked for.
    asked: AtomicU64,
    /// The highest position among them.
    position: AtomicU64,
    /// Locked by the call that publishes, for itself and for the calls that wait for the lock.
    published: tokio::sync::Mutex<Published>,
}

/// The last message.
struct Published {
    /// How many notifications this message and the messages before it announced.
    up_to: u64,
    outcome: Result<(), RedisError>,
}

impl RedisNotifier {
    /// Creates a notifier on the server of `client`. Does not connect.
    ///
    /// # Examples
    /// ```
    /// use eventsource_redis::{RedisClient, RedisNotifier, RedisOptions};
    ///
    /// let redis = RedisClient::open(RedisOptions::new("redis://127.0.0.1/"))?;
    /// // Give one clone to each repository, and one to the `SubscriptionManager`.
    /// let notifier = RedisNotifier::new(&redis);
    /// # Ok::<(), eventsource_redis::RedisError>(())
    /// ```
    #[must_use]
    pub fn new(client: &RedisClient) -> Self {
        Self(Arc::new(Shared {
            client: client.clone(),
            listeners: Listeners::default(),
            asked: AtomicU64::new(0),
            position: AtomicU64::new(0),
            published: tokio::sync::Mutex::new(Published { up_to: 0, outcome: Ok(()) }),
        }))
    }
}

impl Shared {
    async fn announce(&self, position: Position) -> Result<(), RedisError> {
        self.position.fetch_max(position.value(), Ordering::SeqCst);
        let own = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut published = self.published.lock().await;
        if published.up_to >= own {
            return published.outcome.clone();
        }
        let up_to = self.asked.load(Ordering::SeqCst);
        let mut publish = Pipeline::with_capacity(1);
        publish.cmd("PUBLISH").arg(self.client.options().channel()).arg(self.position.load(Ordering::SeqCst)).ignore();
        let outcome = self.client.link().run(&publish).await;
        *published = Published { up_to, outcome: outcome.clone() };
        outcome
    }
}

#[async_trait]
impl Notifier for RedisNotifier {
    async fn notify(&self, events: &[Arc<RecordedEvent>]) -> Result<(), BusError> {
        let Some(position) = events.iter().map(|event| event.position()).max() else { return Ok(()) };
        let announced = self.0.client.link().in_time(self.0.announce(position)).await;
        announced.map_err(|error| BusError::new(format!("announce {} events", events.len()), error))
    }

    async fn listen(&self, wake: Wake) -> Result<BusSubscription, BusError> {
        let added = self.0.listeners.add(&self.0.client, wake).await;
        let id = added.map_err(|error| BusError::new("listen", error))?;
        let shared = Arc::clone(&self.0);
        Ok(BusSubscription::new(move || shared.listeners.remove(id)))
    }
}

impl fmt::Debug for RedisNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisNotifier").field("client", &self.0.client).finish_non_exhaustive()
    }
}
