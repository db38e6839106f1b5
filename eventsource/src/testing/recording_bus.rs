//! A bus that remembers what was published.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::bus::{BusError, BusSubscriber, BusSubscription, EventBus, MemoryEventBus, Wake};
use crate::event::{EventFilter, RecordedEvent};

/// A bus in memory that remembers every published event, for tests of code that publishes. Clones are the same bus. It
/// serves subscribers and wakes subscriptions as [`MemoryEventBus`] does.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::testing::RecordingBus;
/// use eventsource::{EventBus, EventStore, ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
///
/// let (store, bus) = (MemoryEventStore::new(), RecordingBus::new());
/// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
/// # let appended = store.append(&order, ExpectedVersion::Any, vec![NewEvent::raw("OrderPlaced", 1, "{}")]).await?;
/// bus.publish(appended.events()).await?; // or the code under test does it, with a clone of the bus
/// assert_eq!(bus.published(), appended.events());
/// assert_eq!(bus.take().len(), 1);
/// assert!(bus.published().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
pub struct RecordingBus {
    bus: MemoryEventBus,
    published: Arc<Mutex<Vec<Arc<RecordedEvent>>>>,
}

impl RecordingBus {
    /// Creates a bus without subscribers, to which nothing was published.
    ///
    /// ```
    /// use eventsource::testing::RecordingBus;
    ///
    /// let bus = RecordingBus::new();
    /// let for_the_code_under_test = bus.clone();
    /// assert!(bus.published().is_empty());
    /// # let _ = for_the_code_under_test;
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the events that were published since the bus was created or since the last [`take`](Self::take), in the
    /// order of publishing.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::testing::RecordingBus;
    /// # use eventsource::{EventBus, EventStore, ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::nil());
    /// # let placed = NewEvent::raw("OrderPlaced", 1, "{}");
    /// # let appended = store.append(&order, ExpectedVersion::Any, vec![placed]).await?;
    /// let bus = RecordingBus::new();
    /// bus.publish(appended.events()).await?;
    /// assert_eq!(bus.published().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn published(&self) -> Vec<Arc<RecordedEvent>> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the same events as [`published`](Self::published), and forgets them.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::testing::RecordingBus;
    /// # use eventsource::{EventBus, EventStore, ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::nil());
    /// # let placed = NewEvent::raw("OrderPlaced", 1, "{}");
    /// # let appended = store.append(&order, ExpectedVersion::Any, vec![placed]).await?;
    /// let bus = RecordingBus::new();
    /// bus.publish(appended.events()).await?;
    /// assert_eq!((bus.take().len(), bus.take().len()), (1, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn take(&self) -> Vec<Arc<RecordedEvent>> {
        std::mem::take(&mut self.published.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until every subscriber has received what was published before the call, or has missed it.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use eventsource::testing::RecordingBus;
    /// use eventsource::EventBus;
    ///
    /// let bus = RecordingBus::new();
    /// # let events: Vec<std::sync::Arc<eventsource::RecordedEvent>> = Vec::new();
    /// bus.publish(&events).await?;
    /// bus.delivered().await;
    /// // Now every subscriber has received `events`.
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn delivered(&self) {
        self.bus.delivered().await;
    }
}

#[async_trait]
impl EventBus for RecordingBus {
    async fn publish(&self, events: &[Arc<RecordedEvent>]) -> Result<(), BusError> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(events);
        self.bus.publish(events).await
    }

    async fn subscribe(
        &self,
        filter: EventFilter,
        subscriber: Arc<dyn BusSubscriber>,
    ) -> Result<BusSubscription, BusError> {
        self.bus.subscribe(filter, subscriber).await
    }

    async fn wake_on_publish(&self, wake: Wake) -> Result<BusSubscription, BusError> {
        self.bus.wake_on_publish(wake).await
    }
}
