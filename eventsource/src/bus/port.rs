//! The event bus's port.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;

use crate::event::{EventFilter, RecordedEvent};

/// Tells others that events were stored.
///
/// # Laws
/// * **A wake-up is not data** (law 4). A bus may lose, double and reorder what is published; a subscription takes a
///   published event as a reason to look into the log, and for nothing else.
/// * One subscriber's failure does not reach another, nor who publishes.
#[async_trait]
pub trait EventBus: Send + Sync + 'static {
    /// Publishes events that are stored.
    ///
    /// # Errors
    /// [`BusError`] where the bus cannot be reached. The events stay stored.
    async fn publish(&self, events: &[Arc<RecordedEvent>]) -> Result<(), BusError>;

    /// Hands every published event that passes `filter` to `subscriber`, until the answer is dropped.
    ///
    /// # Errors
    /// [`BusError`] where the bus cannot be reached.
    async fn subscribe(
        &self,
        filter: EventFilter,
        subscriber: Arc<dyn BusSubscriber>,
    ) -> Result<BusSubscription, BusError>;
}

/// Who is handed published events. Any `Fn(Arc<RecordedEvent>) -> impl Future<Output = Result<(), _>>` is one.
#[async_trait]
pub trait BusSubscriber: Send + Sync + 'static {
    /// Takes one event.
    ///
    /// # Errors
    /// Any; the bus logs it and goes on.
    async fn receive(&self, event: Arc<RecordedEvent>) -> Result<(), Box<dyn Error + Send + Sync>>;
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

/// A subscription to a bus. It ends when this is dropped.
#[must_use = "the subscription ends when this is dropped"]
pub struct BusSubscription(Option<Box<dyn FnOnce() + Send + Sync>>);

impl BusSubscription {
    /// A subscription that is ended by `end`.
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

/// The bus could not be reached.
#[derive(Debug, thiserror::Error)]
#[error("the event bus could not {action}: {source}")]
#[non_exhaustive]
pub struct BusError {
    /// What was asked, such as `publish 3 events`.
    pub action: String,
    /// Why not.
    pub source: Box<dyn Error + Send + Sync>,
}

impl BusError {
    /// The error of a bus that could not `action` because of `source`.
    pub fn new(action: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { action: action.into(), source: source.into() }
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
}
