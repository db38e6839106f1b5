//! The dead letters of a subscription: list them, retry them, dismiss them.

use std::fmt;
use std::sync::Arc;

use crate::projection::{CheckpointError, DeadLetter, LetterQuery};
use crate::subscription::DeadLetterError;
use crate::subscription::handle::subscription_control::SubscriptionControl;
use crate::subscription::subscription_shared::SubscriptionShared;

/// Lists, retries and dismisses the dead letters of a subscription.
///
/// A [dead letter](crate::projection::DeadLetter) is an event that the subscription could not apply. Its stream is
/// parked: later events of the stream wait until the letter is retried or dismissed. Get this from
/// [`SubscriptionHandle::dead_letters`](crate::subscription::SubscriptionHandle::dead_letters) or
/// [`SubscriptionManager::dead_letters`](crate::subscription::SubscriptionManager::dead_letters).
///
/// The subscription itself retries and dismisses, between two batches and in the same unit of work as its events. So
/// each event is applied once, and the subscription must run in this process. Listing works in every process.
///
/// A request for a retry or a dismissal
/// - waits for the end of the present batch, and has no time limit: use `tokio::time::timeout`. If the future is
///   dropped before the subscription begins the request, nothing is done. After that the request continues without it.
/// - waits while a store does not answer ([`Waiting`](crate::subscription::SubscriptionState::Waiting)), so it does not fail because of a
///   store.
/// - fails with [`DeadLetterError::NotRunning`] if the subscription does not run, is paused, or is a standby.
///
/// Letters that fail again do not count for the [`FailureLimit`](crate::subscription::FailureLimit). A changed projection that is
/// rebuilt and a reset remove all letters. [`unsubscribe`](crate::subscription::SubscriptionManager::unsubscribe) keeps them, and
/// [`hand_over`](crate::subscription::SubscriptionManager::hand_over) renames them.
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
/// let letters = orders.dead_letters();
/// for letter in letters.list().await? {
///     println!("{letter}");
/// }
/// // The handler is fixed and deployed:
/// let report = letters.retry_all().await?;
/// println!("{} applied, {} left", report.applied, report.left.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct DeadLetters {
    pub(super) core: Arc<SubscriptionShared>,
    pub(super) slot: Arc<dyn SubscriptionControl>,
}

impl DeadLetters {
    pub(in crate::subscription) fn new(core: Arc<SubscriptionShared>, slot: Arc<dyn SubscriptionControl>) -> Self {
        Self { core, slot }
    }

    /// Returns all waiting and released letters, ordered by position: one for each parked stream. A released letter is
    /// an event that waited behind one, and that the subscription applies next by itself.
    ///
    /// All letters are in memory at once. Use [`page`](Self::page) if there may be thousands.
    ///
    /// # Errors
    /// [`DeadLetterError::Store`] if the checkpoint store fails: ask again.
    ///
    /// # Examples
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
    /// # let position = store.append(&stream, ExpectedVersion::Any, vec![refunded]).await?.position();
    /// # manager.start().await?;
    /// # orders.caught_up().await?;
    /// # let letters = orders.dead_letters();
    /// for letter in letters.list().await? {
    ///     println!("{} at {}: {:?}", letter.event_type, letter.position, letter.errors);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn list(&self) -> Result<Vec<DeadLetter>, DeadLetterError> {
        self.all(LetterQuery::parking()).await
    }

    /// Returns all letters that were dismissed or skipped by policy, ordered by position. A reset or a rebuild removes
    /// them.
    ///
    /// # Errors
    /// [`DeadLetterError::Store`] if the checkpoint store fails: ask again.
    ///
    /// # Examples
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
    /// # let position = store.append(&stream, ExpectedVersion::Any, vec![refunded]).await?.position();
    /// # manager.start().await?;
    /// # orders.caught_up().await?;
    /// # let letters = orders.dead_letters();
    /// letters.dismiss(position, "the order was entered twice").await?;
    /// for letter in letters.dismissed().await? {
    ///     println!("{letter}"); // … was dismissed: the order was entered twice
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn dismissed(&self) -> Result<Vec<DeadLetter>, DeadLetterError> {
        self.all(LetterQuery::dismissed()).await
    }

    /// Returns one page of letters, ordered by position. [`LetterQuery::parking`] selects those that
    /// [`list`](Self::list) returns: the letters behind which a stream is parked.
    ///
    /// # Errors
    /// [`DeadLetterError::Store`] if the checkpoint store fails: ask again.
    ///
    /// # Examples
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
    /// use eventsource::projection::LetterQuery;
    ///
    /// let mut next = Some(LetterQuery::parking().limit(50));
    /// while let Some(query) = next {
    ///     let page = letters.page(query).await?;
    ///     for letter in &page {
    ///         println!("{letter}");
    ///     }
    ///     next = query.next(&page);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn page(&self, query: LetterQuery) -> Result<Vec<DeadLetter>, DeadLetterError> {
        self.slot.letters(query).await.map_err(|source| self.unread(source))
    }

    pub(super) async fn all(&self, query: LetterQuery) -> Result<Vec<DeadLetter>, DeadLetterError> {
        let (mut letters, mut next) = (Vec::new(), Some(query.limit(1_000)));
        while let Some(query) = next {
            let page = self.page(query).await?;
            next = query.next(&page);
            letters.extend(page);
        }
        Ok(letters)
    }

    pub(super) fn unread(&self, source: CheckpointError) -> DeadLetterError {
        DeadLetterError::Store { subscription: self.core.name.clone(), source }
    }
}

impl fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetters").field("subscription", &self.core.name).finish_non_exhaustive()
    }
}
