//! The handle of a subscription.

pub(super) mod answered;
mod control;
mod dead_letters;
mod found_letters;
mod observe;
mod one_letter;
mod pausing;
mod polls;
mod rebuild;
mod rebuilds;
mod retries;
pub(super) mod subscription_control;
pub(super) mod wait;
mod wait_target;
mod waits;

pub use self::dead_letters::DeadLetters;
pub use self::rebuild::Rebuild;
pub use self::wait::Wait;
pub use self::wait_target::WaitTarget;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::erased::SharedSubscriber;
use super::subscription_shared::SubscriptionShared;
use crate::subscription::handle::subscription_control::SubscriptionControl;

/// Reads a subscribed projection, waits for it, reports its status, and resets or rebuilds it.
///
/// [`SubscriptionManager::subscribe`](crate::subscription::SubscriptionManager::subscribe) returns it. Clones share the subscription.
/// Dropping a handle does not stop the subscription.
///
/// ```standalone_crate
/// # #[cfg(feature = "macros")]
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # use eventsource::prelude::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced { total: u64 }
/// # #[derive(Clone, Default)]
/// # struct Revenue { total: u64 }
/// # #[projection]
/// # impl Revenue {
/// #     #[handles(OrderPlaced)]
/// #     fn placed(&mut self, event: &OrderPlaced) { self.total += event.total }
/// # }
/// # let store = MemoryEventStore::new();
/// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// let revenue: SubscriptionHandle<Revenue> =
///     manager.subscribe(Revenue::default(), SubscriptionConfig::from_beginning()).await?;
/// manager.start().await?;
/// # let stream = StreamId::new("Order", uuid::Uuid::now_v7());
/// let stored =
///     store.append(&stream, ExpectedVersion::NoStream, vec![NewEvent::of(&OrderPlaced { total: 150 })?]).await?;
///
/// revenue.wait_for(&stored).await?;
/// let view = revenue.read().await;
/// assert_eq!(view.total, 150);
/// assert_eq!(revenue.with(|revenue| revenue.total).await, 150);
/// assert_eq!(revenue.inspect().await.events_handled, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct SubscriptionHandle<P> {
    core: Arc<SubscriptionShared>,
    subscriber: Arc<SharedSubscriber<P>>,
    slot: Arc<dyn SubscriptionControl>,
}

/// A projection as it was between two batches. It dereferences to the projection and never changes: call
/// [`SubscriptionHandle::read`] again to get a later one.
///
/// ```
/// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// # use eventsource::prelude::*;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let store = MemoryEventStore::new();
/// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
/// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
/// # manager.start().await?;
/// let view = orders.read().await;
/// println!("{}", view.state());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct View<P>(Arc<P>);

impl<P> SubscriptionHandle<P> {
    pub(super) fn new(
        core: Arc<SubscriptionShared>,
        subscriber: Arc<SharedSubscriber<P>>,
        slot: Arc<dyn SubscriptionControl>,
    ) -> Self {
        Self { core, subscriber, slot }
    }

    /// Returns the name of the subscription.
    ///
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let manager =
    /// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// assert_eq!(orders.name(), "orders");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.core.name
    }

    /// Returns the projection as it is between two batches.
    ///
    /// Use it for memory and durable memory projections. A transactional or effects projection has no state that
    /// handlers change: read its tables.
    ///
    /// Waits for a running batch to end, without a time limit: a handler that hangs blocks it for up to
    /// [`handler_timeout`](crate::subscription::SubscriptionConfig::handler_timeout). The returned view does not block the
    /// subscription: while it is held, the subscription continues with a copy of the projection.
    ///
    /// On a standby, a durable memory projection is in the state that its owner stored last: see
    /// [`SubscriptionConfig::snapshot_every`](crate::subscription::SubscriptionConfig::snapshot_every).
    ///
    /// In a handler of the same projection this call does not return, because it would wait for itself: the handler is
    /// dropped and fails with a permanent error. Read `self` there.
    ///
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// let total = *orders.read().await.state();
    /// # let _ = total;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn read(&self) -> View<P>
    where
        P: Clone,
    {
        View(self.subscriber.view().await)
    }

    /// Calls `look` with the projection as it is between two batches, and returns its result.
    ///
    /// Waits for a running batch as [`read`](Self::read) does. The next batch waits for `look`, so `look` must be
    /// short. If the projection is `Clone`, [`read`](Self::read) does not block the next batch. A handler that calls
    /// this for its own projection fails as with `read`.
    ///
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// let total = orders.with(|orders| *orders.state()).await;
    /// # let _ = total;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn with<T>(&self, look: impl FnOnce(&P) -> T) -> T {
        self.subscriber.with(look).await
    }

    /// Returns the dead letters of the subscription: list, retry or dismiss them.
    ///
    /// ```
    /// # use eventsource::prelude::*;
    /// # #[derive(Clone)] struct Orders(u32);
    /// # impl Subscriber for Orders {
    /// #     const KIND: eventsource::ProjectionKind = eventsource::ProjectionKind::Memory;
    /// #     fn name(&self) -> std::borrow::Cow<'static, str> { "orders".into() }
    /// #     fn subscribed_to(&self) -> EventFilter { EventFilter::types(["OrderRefunded"]) }
    /// # }
    /// # impl<U: UnitOfWork> EventSubscriber<U> for Orders {
    /// #     async fn handle(&mut self, _: &std::sync::Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
    /// #         self.0 += 1;
    /// #         if self.0 == 1 { Err(HandlerError::permanent("no price")) } else { Ok(()) }
    /// #     }
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = manager.subscribe(Orders(0), SubscriptionConfig::from_beginning()).await?;
    /// # let stream = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let refunded = NewEvent::raw("OrderRefunded", 1, "{}");
    /// # store.append(&stream, ExpectedVersion::Any, vec![refunded]).await?;
    /// # manager.start().await?;
    /// # orders.caught_up().await?;
    /// # let letters = orders.dead_letters();
    /// for letter in orders.dead_letters().list().await? {
    ///     println!("{letter}");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn dead_letters(&self) -> DeadLetters {
        DeadLetters::new(Arc::clone(&self.core), Arc::clone(&self.slot))
    }
}

impl<P> Clone for SubscriptionHandle<P> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core), subscriber: Arc::clone(&self.subscriber), slot: Arc::clone(&self.slot) }
    }
}

impl<P> fmt::Debug for SubscriptionHandle<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionHandle").field("core", &self.core).finish_non_exhaustive()
    }
}

impl<P> Deref for View<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.0
    }
}

impl<P: fmt::Debug> fmt::Debug for View<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
