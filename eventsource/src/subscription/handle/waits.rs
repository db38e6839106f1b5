//! Waits for positions.

use std::sync::Arc;

use super::wait::{Target, Wait};
use super::{SubscriptionHandle, WaitTarget};

impl<P> SubscriptionHandle<P> {
    /// Waits until the subscription has passed the end that the log has at the time of the call. A dead letter counts
    /// as passed.
    ///
    /// **It has no time limit by default**: set one with [`Wait::within`]. Use it in tests, and before a service
    /// accepts requests. On a standby it waits for the checkpoint that the owner stores, as
    /// [`wait_for`](Self::wait_for) does.
    ///
    /// During a rebuild in place it waits for the replay. During a rebuild side by side it waits for the generation
    /// that serves; if this program builds the first tables of a changed projection
    /// ([`OnChange::RebuildSideBySide`](crate::subscription::OnChange::RebuildSideBySide)), it waits for the switch.
    ///
    /// # Errors
    /// The [`WaitError`](crate::subscription::WaitError)s of [`wait_for_passed`](Self::wait_for_passed).
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// use std::time::Duration;
    ///
    /// orders.caught_up().within(Duration::from_secs(30)).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn caught_up(&self) -> Wait {
        Wait::new(Arc::clone(&self.core), Arc::clone(&self.slot), Target::Head)
    }

    /// Waits until the subscription has passed `target`, and fails if the event there is not applied because of a dead
    /// letter.
    ///
    /// Use it to read your own write: pass what the write returned, such as `&appended` or `&saved`, or the
    /// [`AppendToken`](crate::store::AppendToken) that a client sends back. These name their log, and the wait fails if
    /// the subscription reads another one. A bare [`Position`](crate::Position) counts in the log of the subscription.
    ///
    /// An event that was dismissed, skipped by policy, or that the projection does not handle, counts as applied.
    /// Earlier events of *other* streams can be held by dead letters: that does not fail this wait.
    ///
    /// **It has no time limit by default**: set one with [`Wait::within`]. A position beyond the end of the log is
    /// waited for until the log reaches it.
    ///
    /// On a standby it waits for the checkpoint that the owner stores. Without a deadline ([`Wait::within`]) it waits
    /// until another process has taken over from an owner that died. Only the owner has the current state of a durable
    /// memory projection: on a standby the wait fails with [`WaitError::Standby`](crate::subscription::WaitError::Standby), unless
    /// the last state that the owner stored has passed `target`.
    ///
    /// # Errors
    /// - [`WaitError::Held`](crate::subscription::WaitError::Held) if the event is a dead letter or is parked behind one: retry or
    ///   dismiss the letter.
    /// - [`WaitError::DeadLetters`](crate::subscription::WaitError::DeadLetters) if the checkpoint store does not say whether it is:
    ///   wait again.
    /// - Those of [`wait_for_passed`](Self::wait_for_passed).
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// # let stream = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let placed = NewEvent::raw("OrderPlaced", 1, "{}");
    /// use std::time::Duration;
    ///
    /// let appended = store.append(&stream, ExpectedVersion::Any, vec![placed]).await?;
    /// orders.wait_for(&appended).within(Duration::from_secs(5)).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn wait_for(&self, target: impl Into<WaitTarget>) -> Wait {
        Wait::new(Arc::clone(&self.core), Arc::clone(&self.slot), Target::Applied(target.into()))
    }

    /// Waits until the subscription has passed `target`, like [`wait_for`](Self::wait_for), but accepts that the event
    /// there is a dead letter or is parked behind one.
    ///
    /// # Errors
    /// - [`WaitError::NotStarted`](crate::subscription::WaitError::NotStarted) at once, if the subscription was never started: start
    ///   the manager first.
    /// - [`WaitError::Stopped`](crate::subscription::WaitError::Stopped), [`Faulted`](crate::subscription::WaitError::Faulted),
    ///   [`Refused`](crate::subscription::WaitError::Refused) and [`Fenced`](crate::subscription::WaitError::Fenced) if the subscription has ended
    ///   before `target`. The error says why and what to do; waiting again does not help. A web handler answers that
    ///   the write is stored, and that the read model does not show it yet.
    /// - [`WaitError::Outdated`](crate::subscription::WaitError::Outdated) if an event of the log is newer than the program, and the
    ///   projection is of the kind *memory*: deploy the newer program. With other kinds the wait goes on, because a
    ///   newer process can pass the event.
    /// - [`WaitError::Standby`](crate::subscription::WaitError::Standby) on a standby of a durable memory projection: ask the owner.
    /// - [`WaitError::Deadline`](crate::subscription::WaitError::Deadline) after the time of [`Wait::within`].
    /// - [`WaitError::OtherLog`](crate::subscription::WaitError::OtherLog) if the target is of another log than the subscription.
    /// - [`WaitError::Store`](crate::subscription::WaitError::Store) if the log cannot be read: wait again.
    /// - [`WaitError::InsideHandler`](crate::subscription::WaitError::InsideHandler) in a handler of the subscription.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// # let stream = StreamId::new("Order", uuid::Uuid::now_v7());
    /// # let placed = NewEvent::raw("OrderPlaced", 1, "{}");
    /// let appended = store.append(&stream, ExpectedVersion::Any, vec![placed]).await?;
    /// orders.wait_for_passed(&appended).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn wait_for_passed(&self, target: impl Into<WaitTarget>) -> Wait {
        Wait::new(Arc::clone(&self.core), Arc::clone(&self.slot), Target::Passed(target.into()))
    }
}
