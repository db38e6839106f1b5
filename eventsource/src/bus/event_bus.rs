//! The event bus's port: committed events, published and received.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;

use super::{BusError, Wake};
use crate::event::{EventFilter, RecordedEvent};

/// Carries committed events to listeners: a cache that is refreshed, a web socket, another program.
///
/// What must see every event is not a listener of a bus but a projection, which reads the log. A subscription takes a
/// bus as a [`Notifier`](super::Notifier) only: it is woken, and reads the log.
///
/// # Contract
/// * Each subscriber receives every published event that passes its filter, in the order of publishing, unless the bus
///   documents when it drops events and calls [`BusSubscriber::missed`]. A subscriber that is subscribed twice receives
///   each event twice, until one of the two subscriptions is dropped.
/// * A subscriber that fails, panics or is slow reaches neither another subscriber nor the publisher:
///   [`publish`](Self::publish) hands the events over and returns.
/// * [`publish`](Self::publish) returns within a time that the bus documents, also if its server does not answer.
///
/// # Order
/// The order of publishing is the order in which calls of [`publish`](Self::publish) reach the bus. Each publisher sees
/// its own order kept, so the events of an aggregate that one task saves are received in the order of their versions.
///
/// Writers publish after their commit: [`AggregateRepository::save`](crate::AggregateRepository::save) commits, and then
/// publishes. Two writers that save at the same time, also to one aggregate, can publish in the other order than that in
/// which they committed. A listener to which that matters compares [`RecordedEvent::version`] within a stream, or
/// [`RecordedEvent::position`]. What must see the order of the log is a projection, or listens to a relay of the log, such
/// as that of `eventsource-redis`.
///
/// `eventsource::event_bus_contract!` (feature `testing`) checks a bus.
#[async_trait]
pub trait EventBus: Send + Sync + 'static {
    /// Publishes events that are stored.
    ///
    /// # Errors
    /// [`BusError`] if the bus cannot be reached. The events stay stored.
    async fn publish(&self, events: &[Arc<RecordedEvent>]) -> Result<(), BusError>;

    /// Hands every published event that passes `filter` to `subscriber`, until the returned value is dropped.
    ///
    /// # Errors
    /// [`BusError`] if the bus cannot be reached.
    async fn subscribe(
        &self,
        filter: EventFilter,
        subscriber: Arc<dyn BusSubscriber>,
    ) -> Result<BusSubscription, BusError>;

    /// Calls `wake` after each publish, until the returned value is dropped. The default subscribes to all events. A
    /// bus that can wake without carrying events overrides it.
    ///
    /// # Errors
    /// [`BusError`] if the bus cannot be reached.
    async fn wake_on_publish(&self, wake: Wake) -> Result<BusSubscription, BusError> {
        let subscriber = move |_: Arc<RecordedEvent>| {
            wake();
            std::future::ready(Ok(()))
        };
        self.subscribe(EventFilter::all(), Arc::new(subscriber)).await
    }
}

/// Receives published events. Any `Fn(Arc<RecordedEvent>) -> impl Future<Output = Result<(), _>>` is one.
#[async_trait]
pub trait BusSubscriber: Send + Sync + 'static {
    /// Receives one event.
    ///
    /// # Errors
    /// Any error. The bus logs it and goes on with the next event.
    async fn receive(&self, event: Arc<RecordedEvent>) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// Called if the bus dropped `events` events for this subscriber, such as when its queue was full, before the next
    /// event is received. A subscriber that must see them reads them from the log. The default does nothing: the bus
    /// logs a warning.
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

/// A subscription to a bus or a notifier. It ends when this is dropped: no further event is received, and what was
/// queued is discarded. An event that is being received at that moment is finished.
#[must_use = "the subscription ends when this is dropped"]
pub struct BusSubscription(Option<Box<dyn FnOnce() + Send + Sync>>);

impl BusSubscription {
    /// A subscription that `end` ends.
    pub fn new(end: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(end)))
    }
}

impl Drop for BusSubscription {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}

impl fmt::Debug for BusSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BusSubscription")
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
