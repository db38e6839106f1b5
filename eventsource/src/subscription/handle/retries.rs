//! Retries and dismisses dead letters.

use super::answered::answered;
use super::dead_letters::DeadLetters;
use crate::event::{Position, StreamId};
use crate::subscription::requests::{Answered, Reply, Request, answer};
use crate::subscription::{DeadLetterError, LetterSelection, RetryReport};

impl DeadLetters {
    /// Applies the event of the letter at `position`, then the events that wait behind it, in order.
    ///
    /// If one of them fails after its retries, it becomes the letter of the stream, and is in [`RetryReport::left`],
    /// whatever the [`FailurePolicy`](crate::subscription::FailurePolicy) is. If the subscription is paused after the retry has
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
    /// ([`batch_size`](crate::subscription::SubscriptionConfig::batch_size),
    /// [`batch_bytes`](crate::subscription::SubscriptionConfig::batch_bytes)), each in one transaction. New events are applied
    /// between two batches. The state is [`RetryingLetters`](crate::subscription::SubscriptionState::RetryingLetters) until the end. An
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
        self.ask(|answer| Request::Dismiss { which: LetterSelection::At(position), reason, answer }).await
    }

    /// Sends a request to the runner, and waits for its answer.
    pub(super) async fn ask(&self, request: impl FnOnce(Reply<Answered>) -> Request) -> Answered {
        self.core.refuse_handler("retry or dismiss dead letters")?;
        let (answer, asked) = answer();
        self.core.requests.add(request(answer));
        answered(&self.core, asked)
            .await
            .unwrap_or_else(|state| Err(DeadLetterError::NotRunning { subscription: self.core.name.clone(), state }))
    }
}
