//! The port of event buses: committed events are published and received.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;

use super::{BusError, BusSubscription, Wake};
use crate::event::{EventFilter, RecordedEvent};

/// Carries committed events to listeners: a cache that is refreshed, a web socket, or another program.
///
/// A consumer that must see every event is a projection, which reads the log, not a listener of a bus. A subscription
/// uses a bus only as a [`Notifier`](super::Notifier): the bus wakes it, and it reads the log.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
///
/// use eventsource::{EventBus, EventFilter, MemoryEventBus, RecordedEvent};
///
/// async fn refresh(event: Arc<RecordedEvent>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
///     println!("refresh the cached {}", event.stream());
///     Ok(())
/// }
///
/// let bus = MemoryEventBus::new();
/// let subscription = bus.subscribe(EventFilter::all(), Arc::new(refresh)).await?;
/// // `AggregateRepository::save` and `execute` publish the events that they store.
/// # drop(subscription);
/// # Ok::<(), eventsource::bus::BusError>(())
/// # }).unwrap();
/// ```
///
/// # Contract
/// * Each subscriber receives every published event that matches its filter, in the order of publishing, unless the bus
///   documents when it drops events and calls [`BusSubscriber::missed`]. A subscriber that is subscribed twice receives
///   each event twice, until one of the two subscriptions is dropped.
/// * A subscriber that fails, panics or is slow affects neither another subscriber nor the publisher:
///   [`publish`](Self::publish) does not wait for subscribers.
/// * [`publish`](Self::publish) returns within a time that the bus documents, even if its server does not answer.
///
/// # Order
/// The order of publishing is the order in which calls of [`publish`](Self::publish) reach the bus. Each publisher sees
/// its own order kept, so the events of an aggregate that one task saves are received in the order of their versions.
///
/// Writers publish after their commit: [`AggregateRepository::save`](crate::AggregateRepository::save) commits, and
/// then publishes. Two writers that save at the same time, even to one aggregate, can publish in another order than the
/// order of their commits. A listener that depends on the order compares [`RecordedEvent::version`] within a stream, or
/// [`RecordedEvent::position`]. A consumer that needs the order of the log is a projection, or listens to a relay of
/// the log, such as `RedisRelay` of `eventsource-redis`.
///
/// `eventsource::event_bus_contract!` (feature `testing`) checks a bus.
#[async_trait]
pub trait EventBus: Send + Sync + 'static {
    /// Publishes stored events.
    ///
    /// # Errors
    /// [`BusError`] if the bus cannot be reached. The events stay stored, so the caller need not repeat the append.
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
    /// let appended = store.append(&order, ExpectedVersion::Any, vec![NewEvent::raw("OrderPaid", 1, "{}")]).await?;
    /// MemoryEventBus::new().publish(appended.events()).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn publish(&self, events: &[Arc<RecordedEvent>]) -> Result<(), BusError>;

    /// Passes every published event that matches `filter` to `subscriber`, until the returned value is dropped.
    ///
    /// # Errors
    /// [`BusError`] if the bus cannot be reached. Try again later.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    ///
    /// use eventsource::{EventBus, EventFilter, MemoryEventBus, RecordedEvent};
    ///
    /// async fn show(event: Arc<RecordedEvent>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    ///     println!("{} {}", event.stream(), event.event_type());
    ///     Ok(())
    /// }
    ///
    /// let bus = MemoryEventBus::new();
    /// // Keep the returned value: the subscription ends when it is dropped.
    /// let subscription = bus.subscribe(EventFilter::types(["OrderPlaced"]), Arc::new(show)).await?;
    /// # drop(subscription);
    /// # Ok::<(), eventsource::bus::BusError>(())
    /// # }).unwrap();
    /// ```
    async fn subscribe(
        &self,
        filter: EventFilter,
        subscriber: Arc<dyn BusSubscriber>,
    ) -> Result<BusSubscription, BusError>;

    /// Calls `wake` after each publish, until the returned value is dropped.
    ///
    /// The default subscribes to all events. Override it if the bus can wake without carrying events.
    ///
    /// # Errors
    /// [`BusError`] if the bus cannot be reached. Try again later.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    ///
    /// use eventsource::{EventBus, MemoryEventBus};
    ///
    /// let subscription = MemoryEventBus::new().wake_on_publish(Arc::new(|| println!("read the log"))).await?;
    /// # drop(subscription);
    /// # Ok::<(), eventsource::bus::BusError>(())
    /// # }).unwrap();
    /// ```
    async fn wake_on_publish(&self, wake: Wake) -> Result<BusSubscription, BusError> {
        let subscriber = move |_: Arc<RecordedEvent>| {
            wake();
            std::future::ready(Ok(()))
        };
        self.subscribe(EventFilter::all(), Arc::new(subscriber)).await
    }
}

/// Receives published events. Every closure and function
/// `Fn(Arc<RecordedEvent>) -> impl Future<Output = Result<(), _>>` is a subscriber.
///
/// ```
/// use std::error::Error;
/// use std::sync::Arc;
///
/// use async_trait::async_trait;
/// use eventsource::RecordedEvent;
/// use eventsource::bus::BusSubscriber;
///
/// struct Cache;
///
/// #[async_trait]
/// impl BusSubscriber for Cache {
///     async fn receive(&self, event: Arc<RecordedEvent>) -> Result<(), Box<dyn Error + Send + Sync>> {
///         println!("drop the cached {}", event.stream());
///         Ok(())
///     }
///
///     async fn missed(&self, _: u64) {
///         println!("drop the whole cache");
///     }
/// }
/// ```
#[async_trait]
pub trait BusSubscriber: Send + Sync + 'static {
    /// Receives one event.
    ///
    /// # Errors
    /// Any error. The bus logs it and continues with the next event. It does not pass the event again.
    async fn receive(&self, event: Arc<RecordedEvent>) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// Called before the next event if the bus dropped `events` events for this subscriber, for example because its
    /// queue was full. A subscriber that needs them reads them from the log.
    ///
    /// The default does nothing. The bus logs a warning in any case.
    async fn missed(&self, events: u64) {
        let _ = events;
    }
}

#[async_trait]
impl<F, R> BusSubscriber for F
where
    F: Fn(Arc<RecordedEvent>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send,
{
    async fn receive(&self, event: Arc<RecordedEvent>) -> Result<(), Box<dyn Error + Send + Sync>> {
        self(event).await
    }
}

#[async_trait]
impl<B: EventBus + ?Sized> EventBus for Arc<B> {
    async fn publish(&self, events: &[Arc<RecordedEvent>]) -> Result<(), BusError> {
        (**self).publish(events).await
    }

    async fn subscribe(
        &self,
        filter: EventFilter,
        subscriber: Arc<dyn BusSubscriber>,
    ) -> Result<BusSubscription, BusError> {
        (**self).subscribe(filter, subscriber).await
    }

    async fn wake_on_publish(&self, wake: Wake) -> Result<BusSubscription, BusError> {
        (**self).wake_on_publish(wake).await
    }
}
