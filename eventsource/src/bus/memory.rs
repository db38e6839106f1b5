//! The event bus inside one process.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::runtime::Handle;

use super::receiver::Receiver;
use super::{BusError, BusSubscriber, BusSubscription, EventBus, Wake};
use crate::event::{EventFilter, RecordedEvent};

/// The largest number of events in the queue of a subscriber, unless [`MemoryEventBus::with_capacity`] sets another
/// one.
const CAPACITY: usize = 1_024;

/// The event bus inside one process. Clones are the same bus.
///
/// [`publish`](EventBus::publish) queues the events for each subscriber and returns. It waits for no subscriber, so a
/// slow one cannot block [`AggregateRepository::save`](crate::AggregateRepository::save). Each subscriber receives its
/// events in the order of publishing, one at a time, in a task of its own. If it fails or panics, the bus logs that and
/// continues with the next event.
///
/// The queue of a subscriber holds 1,024 events by default; [`with_capacity`](Self::with_capacity) sets another number.
/// If it is full, the oldest event is dropped, the bus logs a warning, and calls [`BusSubscriber::missed`] before the
/// next event. The subscriptions of a manager have no queue and lose nothing: the bus only wakes them.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use eventsource::{EventBus, EventFilter, MemoryEventBus, RecordedEvent};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let bus = MemoryEventBus::new();
/// let received = Arc::new(AtomicUsize::new(0));
/// let counter = Arc::clone(&received);
/// let count = move |_: Arc<RecordedEvent>| {
///     counter.fetch_add(1, Ordering::Relaxed);
///     async { Ok(()) }
/// };
/// let subscription = bus.subscribe(EventFilter::all(), Arc::new(count)).await?;
/// # let store = eventsource::MemoryEventStore::new();
/// # use eventsource::EventStore as _;
/// # let stream = eventsource::StreamId::new("Order", uuid::Uuid::nil());
/// # let placed = vec![eventsource::NewEvent::raw("OrderPlaced", 1, "{}")];
/// # let appended = store.append(&stream, eventsource::ExpectedVersion::Any, placed).await?;
/// bus.publish(appended.events()).await?;
/// bus.delivered().await;
/// assert_eq!(received.load(Ordering::Relaxed), 1);
/// # drop(subscription);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct MemoryEventBus {
    registered: Arc<Mutex<Registered>>,
    capacity: usize,
}

#[derive(Default)]
struct Registered {
    next: u64,
    receivers: BTreeMap<u64, Arc<Receiver>>,
    wakes: BTreeMap<u64, Wake>,
}

impl Registered {
    fn next(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl Default for MemoryEventBus {
    fn default() -> Self {
        Self { registered: Arc::default(), capacity: CAPACITY }
    }
}

impl MemoryEventBus {
    /// Creates a bus without subscribers, with queues of 1,024 events each.
    ///
    /// # Examples
    /// ```
    /// use eventsource::MemoryEventBus;
    ///
    /// // Give one clone to each repository, and one to the `SubscriptionManager`.
    /// let bus = MemoryEventBus::new();
    /// let same_bus = bus.clone();
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a bus without subscribers, with queues of `events` events each.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    ///
    /// use eventsource::MemoryEventBus;
    ///
    /// let bus = MemoryEventBus::with_capacity(NonZeroUsize::new(16).unwrap());
    /// # let _ = bus;
    /// ```
    #[must_use]
    pub fn with_capacity(events: NonZeroUsize) -> Self {
        Self { capacity: events.get(), ..Self::default() }
    }

    /// Waits until every subscriber has received or missed all events that were published before the call. For tests.
    ///
    /// A subscriber must not call it: it would wait for itself and never return.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
    /// # use eventsource::EventStore as _;
    /// # let store = MemoryEventStore::new();
    /// # let order = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let events = vec![NewEvent::raw("OrderPlaced", 1, "{}"), NewEvent::raw("OrderPaid", 1, "{}")];
    /// # store.append(&order, ExpectedVersion::NoStream, events).await?;
    /// use eventsource::{EventBus, MemoryEventBus};
    ///
    /// let bus = MemoryEventBus::new();
    /// let appended = store.append(&order, ExpectedVersion::Any, vec![NewEvent::raw("OrderPaid", 1, "{}")]).await?;
    /// bus.publish(appended.events()).await?;
    /// bus.delivered().await;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn delivered(&self) {
        let receivers: Vec<_> = self.registered().receivers.values().cloned().collect();
        for receiver in receivers {
            receiver.delivered().await;
        }
    }

    fn registered(&self) -> MutexGuard<'_, Registered> {
        self.registered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl EventBus for MemoryEventBus {
    /// # Errors
    /// [`BusError`] if there are subscribers and the call is outside of a Tokio runtime, which would run them.
    async fn publish(&self, events: &[Arc<RecordedEvent>]) -> Result<(), BusError> {
        if events.is_empty() {
            return Ok(());
        }
        // Queued under the lock, so that all subscribers receive the events of two publishers in the same order.
        let (wakes, queued) = {
            let registered = self.registered();
            let queued = match Handle::try_current() {
                Ok(runtime) => {
                    registered.receivers.values().for_each(|receiver| receiver.push(events, &runtime));
                    Ok(())
                }
                Err(_) if registered.receivers.is_empty() => Ok(()),
                Err(error) => Err(BusError::new(format!("publish {} events", events.len()), error)),
            };
            (registered.wakes.values().cloned().collect::<Vec<_>>(), queued)
        };
        wakes.iter().for_each(|wake| wake());
        queued
    }

    async fn subscribe(
        &self,
        filter: EventFilter,
        subscriber: Arc<dyn BusSubscriber>,
    ) -> Result<BusSubscription, BusError> {
        let receiver = Arc::new(Receiver::new(filter, subscriber, self.capacity));
        let id = {
            let mut registered = self.registered();
            let id = registered.next();
            registered.receivers.insert(id, Arc::clone(&receiver));
            id
        };
        let bus = self.clone();
        Ok(BusSubscription::new(move || {
            bus.registered().receivers.remove(&id);
            receiver.end();
        }))
    }

    async fn wake_on_publish(&self, wake: Wake) -> Result<BusSubscription, BusError> {
        let id = {
            let mut registered = self.registered();
            let id = registered.next();
            registered.wakes.insert(id, wake);
            id
        };
        let bus = self.clone();
        Ok(BusSubscription::new(move || {
            let wake = bus.registered().wakes.remove(&id);
            // Dropped without the lock, since it may own another subscription.
            drop(wake);
        }))
    }
}

impl std::fmt::Debug for MemoryEventBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let registered = self.registered();
        f.debug_struct("MemoryEventBus")
            .field("subscribers", &registered.receivers.len())
            .field("listeners", &registered.wakes.len())
            .field("capacity", &self.capacity)
            .finish()
    }
}
