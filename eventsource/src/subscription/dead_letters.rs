//! The dead letters of a subscription: list them, retry them, dismiss them.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::answered::answered;
use super::requests::{Answered, Reply, Request, answer};
use super::subscription_shared::SubscriptionShared;
use super::supervised::Operations;
use super::{DeadLetterError, LetterSelection, RetryReport};
use crate::event::{Position, StreamId};
use crate::projection::{CheckpointError, DeadLetter, LetterQuery};

/// Lists, retries and dismisses the dead letters of a subscription.
///
/// A [dead letter](crate::projection::DeadLetter) is an event that the subscription could not apply. Its stream is
/// parked: later events of the stream wait until the letter is retried or dismissed. Get this from
/// [`SubscriptionHandle::dead_letters`](super::SubscriptionHandle::dead_letters) or
/// [`SubscriptionManager::dead_letters`](super::SubscriptionManager::dead_letters).
///
/// The subscription itself retries and dismisses, between two batches and in the same unit of work as its events. So
/// each event is applied once, and the subscription must run in this process. Listing works in every process.
///
/// A request for a retry or a dismissal
/// - waits for the end of the present batch, and has no time limit: use `tokio::time::timeout`. If the future is
///   dropped before the subscription begins the request, nothing is done. After that the request continues without it.
/// - waits while a store does not answer ([`Waiting`](super::SubscriptionState::Waiting)), so it does not fail because of a
///   store.
/// - fails with [`DeadLetterError::NotRunning`] if the subscription does not run, is paused, or is a standby.
///
/// Letters that fail again do not count for the [`FailureLimit`](super::FailureLimit). A changed projection that is
/// rebuilt and a reset remove all letters. [`unsubscribe`](super::SubscriptionManager::unsubscribe) keeps them, and
/// [`hand_over`](super::SubscriptionManager::hand_over) renames them.
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
    core: Arc<SubscriptionShared>,
    slot: Arc<dyn Operations>,
}

impl DeadLetters {
    pub(super) fn new(core: Arc<SubscriptionShared>, slot: Arc<dyn Operations>) -> Self {
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

    /// Returns the letter of the event at `position`, waiting or dismissed.
    ///
    /// # Errors
    /// [`DeadLetterError::Unknown`] if there is no letter at `position`; [`DeadLetterError::Store`] if the checkpoint
    /// store fails: ask again.
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
    /// let letter = letters.get(position).await?;
    /// println!("{} failed: {:?}", letter.event_type, letter.errors);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn get(&self, position: Position) -> Result<DeadLetter, DeadLetterError> {
        let found = self.slot.letter(position).await.map_err(|source| self.unread(source))?;
        found.ok_or_else(|| DeadLetterError::Unknown {
            subscription: self.core.name.clone(),
            which: LetterSelection::At(position),
        })
    }

    /// Returns the letter of the event with this id, waiting or dismissed. Reads the event from the log to get its
    /// position.
    ///
    /// # Errors
    /// [`DeadLetterError::Unknown`] if there is no such letter; [`DeadLetterError::Store`] or [`DeadLetterError::Log`]
    /// if a store fails: ask again.
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
    /// let event = letters.get(position).await?.event_id; // or from a log line
    /// let letter = letters.of_event(event).await?;
    /// assert_eq!(letter.position, position);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn of_event(&self, id: Uuid) -> Result<DeadLetter, DeadLetterError> {
        let found = self.core.store.event(id).await;
        let found = found.map_err(|source| DeadLetterError::Log { subscription: self.core.name.clone(), source })?;
        let letter = match found {
            Some(event) => self.slot.letter(event.position()).await.map_err(|source| self.unread(source))?,
            None => None,
        };
        // If the log was replaced, the letter may belong to another event.
        letter.filter(|letter| letter.event_id == id).ok_or_else(|| DeadLetterError::Unknown {
            subscription: self.core.name.clone(),
            which: LetterSelection::Event(id),
        })
    }

    /// Deletes the letters that were dismissed, or skipped by policy, before the time `before`, and returns their
    /// number.
    ///
    /// Waiting letters of any age stay. The subscription need not run. A memory projection skips the events of
    /// dismissed letters when it replays the log: without the letter, the event is applied again, and may fail again.
    ///
    /// # Errors
    /// [`DeadLetterError::Forget`] if the checkpoint store fails. Some of the letters may be deleted: call it again.
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
    /// let forgotten = letters.forget_dismissed(chrono::Utc::now() - chrono::TimeDelta::days(90)).await?;
    /// println!("{forgotten} letters deleted");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn forget_dismissed(&self, before: DateTime<Utc>) -> Result<u64, DeadLetterError> {
        let forgotten = self.slot.forget_dismissed(before).await;
        forgotten.map_err(|source| DeadLetterError::Forget { subscription: self.core.name.clone(), source })
    }

    async fn all(&self, query: LetterQuery) -> Result<Vec<DeadLetter>, DeadLetterError> {
        let (mut letters, mut next) = (Vec::new(), Some(query.limit(1_000)));
        while let Some(query) = next {
            let page = self.page(query).await?;
            next = query.next(&page);
            letters.extend(page);
        }
        Ok(letters)
    }

    fn unread(&self, source: CheckpointError) -> DeadLetterError {
        DeadLetterError::Store { subscription: self.core.name.clone(), source }
    }

    /// Applies the event of the letter at `position`, then the events that wait behind it, in order.
    ///
    /// If one of them fails after its retries, it becomes the letter of the stream, and is in [`RetryReport::left`],
    /// whatever the [`FailurePolicy`](super::FailurePolicy) is. If the subscription is paused after the retry has
    /// begun, the retry and its answer wait for the resume.
    ///
    /// # Errors
    /// [`DeadLetterError::Unknown`] if no letter waits at `position`; [`DeadLetterError::NotRunning`] if the
    /// subscription does not run in this process: start or resume it, or ask the owner;
    /// [`DeadLetterError::InsideHandler`] in a handler of the subscription.
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
    /// let report = letters.retry(position).await?;
    /// assert!(report.left.is_empty(), "it failed again");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn retry(&self, position: Position) -> Result<RetryReport, DeadLetterError> {
        self.ask(|answer| Request::Retry { which: LetterSelection::At(position), answer }).await
    }

    /// Applies the event of the letter of `stream`, then the events that wait behind it: see [`retry`](Self::retry).
    ///
    /// # Errors
    /// [`DeadLetterError::Unknown`] if `stream` is not parked; otherwise those of [`retry`](Self::retry).
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
    /// let report = letters.retry_stream(&stream).await?;
    /// assert_eq!(report.applied, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn retry_stream(&self, stream: &StreamId) -> Result<RetryReport, DeadLetterError> {
        self.ask(|answer| Request::Retry { which: LetterSelection::Stream(stream.clone()), answer }).await
    }

    /// Retries every waiting letter, ordered by position, each with the events that wait behind it.
    ///
    /// Letters are retried in batches of the size of the subscription's
    /// ([`batch_size`](super::SubscriptionConfig::batch_size),
    /// [`batch_bytes`](super::SubscriptionConfig::batch_bytes)), each in one transaction. New events are applied
    /// between two batches. The state is [`RetryingLetters`](super::SubscriptionState::RetryingLetters) until the end. An
    /// event that fails is retried alone. If it fails again, it stays a letter, and the other letters continue. Later
    /// requests for letters wait until this one ends.
    ///
    /// # Errors
    /// [`DeadLetterError::NotRunning`] if the subscription does not run in this process: start or resume it, or ask the
    /// owner; [`DeadLetterError::InsideHandler`] in a handler of the subscription.
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
    /// let report = letters.retry_all().await?;
    /// println!("{} applied, {} left", report.applied, report.left.len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn retry_all(&self) -> Result<RetryReport, DeadLetterError> {
        self.ask(|answer| Request::Retry { which: LetterSelection::All, answer }).await
    }

    /// Dismisses the letter at `position` for `reason`, and applies the events that wait behind it.
    ///
    /// The event of the letter is never applied, until a reset or a rebuild. The letter stays in
    /// [`dismissed`](Self::dismissed), with the reason. The reason can be any text.
    ///
    /// # Errors
    /// [`DeadLetterError::Unknown`] if no letter waits at `position`; [`DeadLetterError::NotRunning`] if the
    /// subscription does not run in this process: start or resume it, or ask the owner;
    /// [`DeadLetterError::InsideHandler`] in a handler of the subscription.
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
    /// letters.dismiss(position, "the order was entered twice, see ticket 731").await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn dismiss(&self, position: Position, reason: impl Into<String>) -> Result<RetryReport, DeadLetterError> {
        let reason = reason.into();
        self.ask(|answer| Request::Dismiss { position, reason, answer }).await
    }

    /// Sends a request to the runner, and waits for its answer.
    async fn ask(&self, request: impl FnOnce(Reply<Answered>) -> Request) -> Answered {
        self.core.refuse_handler("retry or dismiss dead letters")?;
        let (answer, asked) = answer();
        self.core.requests.add(request(answer));
        answered(&self.core, asked)
            .await
            .unwrap_or_else(|state| Err(DeadLetterError::NotRunning { subscription: self.core.name.clone(), state }))
    }
}

impl fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetters").field("subscription", &self.core.name).finish_non_exhaustive()
    }
}
