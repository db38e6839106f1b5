//! The port of notifiers: wake-ups.

use std::sync::Arc;

use async_trait::async_trait;

use super::{BusError, BusSubscription, EventBus, Wake};
use crate::event::RecordedEvent;

/// Wakes subscriptions after events were stored, in this process or in others. A wake-up is a hint and carries no data
/// ([guarantee](crate::guarantees#wake-ups-carry-no-data)).
///
/// An [`AggregateRepository`](crate::AggregateRepository) notifies after each save, and a
/// [`SubscriptionManager`](crate::SubscriptionManager) listens. Every [`EventBus`] is a notifier. A notifier that is
/// not an event bus, such as one based on Redis Pub/Sub, implements only this trait.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use eventsource::{MemoryEventBus, Notifier};
///
/// let notifier = MemoryEventBus::new();
/// let woken = Arc::new(AtomicUsize::new(0));
/// let counter = Arc::clone(&woken);
/// let subscription = notifier.listen(Arc::new(move || drop(counter.fetch_add(1, Ordering::Relaxed)))).await?;
/// # let stream = eventsource::StreamId::new("Order", uuid::Uuid::nil());
/// # use eventsource::EventStore as _;
/// # let placed = vec![eventsource::NewEvent::raw("OrderPlaced", 1, "{}")];
/// # let appended =
/// #     eventsource::MemoryEventStore::new().append(&stream, eventsource::ExpectedVersion::Any, placed).await?;
/// notifier.notify(appended.events()).await?;
/// assert_eq!(woken.load(Ordering::Relaxed), 1);
/// # drop(subscription);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// # Contract
/// * A notifier may lose wake-ups, double them, and wake without a reason. A woken subscription reads the log, and
///   finds each event there once.
/// * A notifier that lost its connection wakes its listeners when it is connected again, because it may have lost
///   wake-ups.
/// * [`notify`](Self::notify) returns within a time that the notifier documents. It does not wait for a listener.
///
/// `eventsource::notifier_contract!` (feature `testing`) checks a notifier.
#[async_trait]
pub trait Notifier: Send + Sync + 'static {
    /// Tells all listeners that `events` were stored. Listeners get no event.
    ///
    /// # Errors
    /// [`BusError`] if the notifier cannot be reached. The events stay stored, and subscriptions find them at their
    /// next poll of the log, so the caller need not repeat anything.
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
    /// use eventsource::{MemoryEventBus, Notifier};
    ///
    /// let appended = store.append(&order, ExpectedVersion::Any, vec![NewEvent::raw("OrderPaid", 1, "{}")]).await?;
    /// MemoryEventBus::new().notify(appended.events()).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    async fn notify(&self, events: &[Arc<RecordedEvent>]) -> Result<(), BusError>;

    /// Calls `wake` after each notification, until the returned value is dropped.
    ///
    /// # Errors
    /// [`BusError`] if the notifier cannot be reached: listen again later.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use std::sync::Arc;
    ///
    /// use eventsource::{MemoryEventBus, Notifier};
    ///
    /// let subscription = MemoryEventBus::new().listen(Arc::new(|| println!("read the log"))).await?;
    /// # drop(subscription);
    /// # Ok::<(), eventsource::bus::BusError>(())
    /// # }).unwrap();
    /// ```
    async fn listen(&self, wake: Wake) -> Result<BusSubscription, BusError>;
}

#[async_trait]
impl<B: EventBus + ?Sized> Notifier for B {
    async fn notify(&self, events: &[Arc<RecordedEvent>]) -> Result<(), BusError> {
        self.publish(events).await
    }

    async fn listen(&self, wake: Wake) -> Result<BusSubscription, BusError> {
        self.wake_on_publish(wake).await
    }
}

#[async_trait]
impl Notifier for Arc<dyn Notifier> {
    async fn notify(&self, events: &[Arc<RecordedEvent>]) -> Result<(), BusError> {
        (**self).notify(events).await
    }

    async fn listen(&self, wake: Wake) -> Result<BusSubscription, BusError> {
        (**self).listen(wake).await
    }
}
