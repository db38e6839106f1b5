//! The bus inside one process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{BusError, BusSubscriber, BusSubscription, EventBus};
use crate::event::{EventFilter, RecordedEvent};

/// The bus inside one process. Clones are the same bus.
///
/// [`publish`](EventBus::publish) returns when every subscriber has been handed the events. Each gets them in order,
/// in a task of its own: a slow subscriber delays none of the others, and one that fails or panics is logged.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use eventsource::{EventBus, EventFilter, MemoryEventBus, RecordedEvent};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let bus = MemoryEventBus::new();
/// let heard = Arc::new(AtomicUsize::new(0));
/// let counter = Arc::clone(&heard);
/// let count = move |_: Arc<RecordedEvent>| {
///     counter.fetch_add(1, Ordering::Relaxed);
///     async { Ok(()) }
/// };
/// let subscription = bus.subscribe(EventFilter::all(), Arc::new(count)).await?;
/// # let store = eventsource::MemoryEventStore::new();
/// # use eventsource::EventStore as _;
/// # let stream = eventsource::StreamId::new("Order", uuid::Uuid::nil());
/// # let appended = store.append(&stream, eventsource::ExpectedVersion::Any, vec![eventsource::NewEvent::raw("OrderPlaced", 1, "{}")]).await?;
/// bus.publish(appended.events()).await?;
/// assert_eq!(heard.load(Ordering::Relaxed), 1);
/// # drop(subscription);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct MemoryEventBus {
    subscribers: Arc<Mutex<Subscribers>>,
}

#[derive(Default)]
struct Subscribers {
    next: u64,
    all: BTreeMap<u64, (EventFilter, Arc<dyn BusSubscriber>)>,
}

impl MemoryEventBus {
    /// A bus without subscribers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn subscribers(&self) -> MutexGuard<'_, Subscribers> {
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl EventBus for MemoryEventBus {
    async fn publish(&self, events: &[Arc<RecordedEvent>]) -> Result<(), BusError> {
        let deliveries: Vec<_> = {
            let subscribers = self.subscribers();
            subscribers
                .all
                .values()
                .filter_map(|(filter, subscriber)| {
                    let wanted: Vec<_> = events.iter().filter(|event| filter.matches(event)).cloned().collect();
                    (!wanted.is_empty()).then(|| tokio::spawn(deliver(Arc::clone(subscriber), wanted)))
                })
                .collect()
        };
        for delivery in deliveries {
            if let Err(panic) = delivery.await {
                tracing::warn!(%panic, "a subscriber of the event bus did not take an event");
            }
        }
        Ok(())
    }

    async fn subscribe(
        &self,
        filter: EventFilter,
        subscriber: Arc<dyn BusSubscriber>,
    ) -> Result<BusSubscription, BusError> {
        let id = {
            let mut subscribers = self.subscribers();
            subscribers.next += 1;
            let id = subscribers.next;
            subscribers.all.insert(id, (filter, subscriber));
            id
        };
        let bus = self.clone();
        Ok(BusSubscription::new(move || {
            bus.subscribers().all.remove(&id);
        }))
    }
}

async fn deliver(subscriber: Arc<dyn BusSubscriber>, events: Vec<Arc<RecordedEvent>>) {
    for event in events {
        let (event_type, position) = (event.event_type().to_owned(), event.position());
        if let Err(error) = subscriber.receive(event).await {
            tracing::warn!(event_type, %position, %error, "a subscriber of the event bus failed");
        }
    }
}

impl std::fmt::Debug for MemoryEventBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryEventBus").field("subscribers", &self.subscribers().all.len()).finish()
    }
}
