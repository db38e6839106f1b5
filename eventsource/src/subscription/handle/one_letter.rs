//! Finds one dead letter, and deletes old ones.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::dead_letters::DeadLetters;
use crate::event::Position;
use crate::projection::DeadLetter;
use crate::subscription::{DeadLetterError, LetterSelection};

impl DeadLetters {
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
}
