//! The notifier's port: wake-ups.

use std::sync::Arc;

use async_trait::async_trait;

use super::{BusError, BusSubscription, EventBus};
use crate::event::RecordedEvent;

/// What a notifier calls to wake a listener. It returns at once and does not block.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Wakes subscriptions when events were stored, in this process or in others: a hint, never data.
///
/// [`AggregateRepository`](crate::AggregateRepository) notifies after each save, and a
/// [`SubscriptionManager`](crate::SubscriptionManager) listens. Every [`EventBus`] is a notifier. A notifier that is no
/// event bus, such as one by Redis Pub/Sub, implements this trait alone.
///
/// # Contract
/// * A notifier may lose wake-ups, double them, and give them without a reason. A woken subscription reads the log, and
///   nothing else: it finds each event there once.
/// * A notifier that was cut off from others wakes its listeners when it is connected again, because it may have lost
///   wake-ups.
/// * [`notify`](Self::notify) returns within a time that the notifier documents. It does not wait for a listener.
///
/// `eventsource::notifier_contract!` (feature `testing`) checks a notifier.
#[async_trait]
pub trait Notifier: Send + Sync + 'static {
    /// Tells all listeners that `events` were stored. Listeners get no event.
    ///
    /// # Errors
    /// [`BusError`] if the notifier cannot be reached. The events stay stored, and subscriptions find them when they
    /// next poll the log.
    async fn notify(&self, events: &[Arc<RecordedEvent>]) -> Result<(), BusError>;

    /// Calls `wake` after each notification, until the returned value is dropped.
    ///
    /// # Errors
    /// [`BusError`] if the notifier cannot be reached.
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
