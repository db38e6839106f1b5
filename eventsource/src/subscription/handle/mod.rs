//! The handle of a subscription.

mod control;
mod observe;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::erased::SharedSubscriber;
use super::subscription_shared::SubscriptionShared;
use super::supervised::Operations;
use super::wait::Target;
use super::{DeadLetters, Rebuild, RebuildError, RebuildKind, ResetError, Wait, WaitTarget};

/// Reads a subscribed projection, waits for it, reports its status, and resets or rebuilds it.
///
/// [`SubscriptionManager::subscribe`](super::SubscriptionManager::subscribe) returns it. Clones share the subscription.
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
    slot: Arc<dyn Operations>,
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
        slot: Arc<dyn Operations>,
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
    /// [`handler_timeout`](super::SubscriptionConfig::handler_timeout). The returned view does not block the
    /// subscription: while it is held, the subscription continues with a copy of the projection.
    ///
    /// On a standby, a durable memory projection is in the state that its owner stored last: see
    /// [`SubscriptionConfig::snapshot_every`](super::SubscriptionConfig::snapshot_every).
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

    /// Waits until the subscription has passed the end that the log has at the time of the call. A dead letter counts
    /// as passed.
    ///
    /// **It has no time limit by default**: set one with [`Wait::within`]. Use it in tests, and before a service
    /// accepts requests. On a standby it waits for the checkpoint that the owner stores, as
    /// [`wait_for`](Self::wait_for) does.
    ///
    /// During a rebuild in place it waits for the replay. During a rebuild side by side it waits for the generation
    /// that serves; if this program builds the first tables of a changed projection
    /// ([`OnChange::RebuildSideBySide`](super::OnChange::RebuildSideBySide)), it waits for the switch.
    ///
    /// # Errors
    /// The [`WaitError`](super::WaitError)s of [`wait_for_passed`](Self::wait_for_passed).
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
    /// memory projection: on a standby the wait fails with [`WaitError::Standby`](super::WaitError::Standby), unless
    /// the last state that the owner stored has passed `target`.
    ///
    /// # Errors
    /// - [`WaitError::Held`](super::WaitError::Held) if the event is a dead letter or is parked behind one: retry or
    ///   dismiss the letter.
    /// - [`WaitError::DeadLetters`](super::WaitError::DeadLetters) if the checkpoint store does not say whether it is:
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
    /// - [`WaitError::NotStarted`](super::WaitError::NotStarted) at once, if the subscription was never started: start
    ///   the manager first.
    /// - [`WaitError::Stopped`](super::WaitError::Stopped), [`Faulted`](super::WaitError::Faulted),
    ///   [`Refused`](super::WaitError::Refused) and [`Fenced`](super::WaitError::Fenced) if the subscription has ended
    ///   before `target`. The error says why and what to do; waiting again does not help. A web handler answers that
    ///   the write is stored, and that the read model does not show it yet.
    /// - [`WaitError::Outdated`](super::WaitError::Outdated) if an event of the log is newer than the program, and the
    ///   projection is of the kind *memory*: deploy the newer program. With other kinds the wait goes on, because a
    ///   newer process can pass the event.
    /// - [`WaitError::Standby`](super::WaitError::Standby) on a standby of a durable memory projection: ask the owner.
    /// - [`WaitError::Deadline`](super::WaitError::Deadline) after the time of [`Wait::within`].
    /// - [`WaitError::OtherLog`](super::WaitError::OtherLog) if the target is of another log than the subscription.
    /// - [`WaitError::Store`](super::WaitError::Store) if the log cannot be read: wait again.
    /// - [`WaitError::InsideHandler`](super::WaitError::InsideHandler) in a handler of the subscription.
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

    /// Empties the read model and clears the checkpoint, in one transaction
    /// ([rebuilds lose nothing](crate::guarantees#rebuilds-lose-nothing)).
    ///
    /// Calls the truncate hook of the projection: its method marked `#[truncate]`, or the one that
    /// `#[projection(read_models(…))]` generates, which deletes all rows with one
    /// statement for each table; readers see the old rows until the commit. The next start begins where
    /// [`SubscriptionConfig`](super::SubscriptionConfig) says, and an effects projection then repeats its effects. Dead
    /// letters are removed, and the tables have no owner any more. To empty and replay a running subscription, use
    /// [`rebuild`](Self::rebuild).
    ///
    /// It also accepts a subscription that is refused or faulted. It needs no lease: if another process runs the
    /// subscription, that process is fenced, and applies all events again from the start. So stop the subscription in
    /// every process first.
    ///
    /// # Errors
    /// - [`ResetError::Running`] while the subscription runs in this process, also if it is paused or a standby: call
    ///   [`stop_one`](super::SubscriptionManager::stop_one), or stop the manager, first.
    /// - [`ResetError::NoTruncateHook`] if the projection has neither a method marked `#[truncate]` nor declared read
    ///   models, and its state in memory cannot be copied or restored: add one of them.
    /// - [`ResetError::Truncate`] if the hook fails: correct it and reset again.
    /// - [`ResetError::Checkpoint`] if the checkpoint store fails, or refuses to replace a table whose columns have
    ///   changed. The source says what to do.
    /// - [`ResetError::Commit`] if the commit fails: reset again.
    ///
    /// The stored rows and the checkpoint are unchanged after an error, but an unfinished side-by-side rebuild may be
    /// dropped. After `Truncate` and `Commit`, the state of a memory projection is unknown: it does not start before a
    /// reset or a rebuild has succeeded.
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
    /// manager.stop().await?;
    /// orders.reset().await?;
    /// manager.start().await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn reset(&self) -> Result<(), ResetError> {
        self.slot.reset().await
    }

    /// Rebuilds the read model in place: empties it and clears the checkpoint in one transaction, and replays the log.
    ///
    /// Starts the subscription if it does not run, also a faulted or refused one. Returns when the replay has begun.
    /// Await the returned [`Rebuild`] to wait for the end: the replay has then passed the end that the log had at its
    /// start.
    ///
    /// A rebuild that a stop or a crash interrupts continues at the next start. Dead letters are removed, and their
    /// events are applied again. Readers see the read model grow. An effects projection repeats every effect.
    ///
    /// It needs a way to empty the read model:
    ///
    /// | kind | one of these |
    /// | --- | --- |
    /// | transactional | a method marked `#[truncate]`, or declared read models (`read_models(…)`) |
    /// | memory | a method marked `#[truncate]`, or `Clone` if the state is not behind a lock or an `Arc` |
    /// | durable memory | nothing: the serialised first state is restored |
    /// | effects | a method marked `#[truncate]` |
    ///
    /// # Errors
    /// The read model and the checkpoint are unchanged after each error.
    /// - [`RebuildError::NoTruncateHook`]: add what the table says, or rebuild side by side.
    /// - [`RebuildError::Truncate`]: the hook failed, or its changes could not be committed. Correct the hook. The
    ///   state of a memory projection is unknown then: the subscription stops, and a reset or a rebuild is needed.
    /// - [`RebuildError::StartsAtEnd`]: the subscription starts at the end of the log, so there is nothing to replay.
    /// - [`RebuildError::Failed`]: the database refuses to replace a table whose columns have changed. The error says
    ///   why.
    /// - [`RebuildError::NotRunning`]: it is paused, another process owns it, or it ended before it could begin. Resume
    ///   it, ask the owner, or do what the state says.
    /// - [`RebuildError::Manager`]: there is no tokio runtime, or a handler of the subscription asked.
    ///
    /// An unfinished side-by-side rebuild is dropped, also before `Truncate` and `Failed`.
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
    /// let rebuild = orders.rebuild().await?;
    /// println!("{}", rebuild.progress().await);
    /// rebuild.await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn rebuild(&self) -> Result<Rebuild, RebuildError> {
        self.begin_rebuild(RebuildKind::InPlace).await
    }

    /// Rebuilds the declared read models in new tables, while the present ones serve, and switches in one transaction.
    ///
    /// The new tables have a checkpoint of their own, and the names of the present ones with the suffix `__next`. The
    /// present ones stay current until the switch. The database needs the space for both. Starts the subscription if it
    /// does not run. If a side-by-side rebuild is already under way, returns that one.
    ///
    /// A reader sees either all of the present generation or all of the new one, also after a crash at any moment. An
    /// unfinished rebuild continues at the next start. The tables are created as their models describe them. The switch
    /// creates again the indexes, triggers and grants that users have added, and logs a warning for each that it cannot
    /// create. The [deployment](crate::guide::deployment) guide lists what is created again on which database.
    ///
    /// # Errors
    /// Nothing was changed after each error.
    /// - [`RebuildError::NoReadModels`]: the projection declares no read models. Declare them, or rebuild in place.
    /// - [`RebuildError::NoGenerations`]: the checkpoint store cannot do it, for example the one in memory. Rebuild in
    ///   place.
    /// - [`RebuildError::StartsAtEnd`]: the subscription starts at the end of the log, so there is nothing to replay.
    /// - [`RebuildError::Failed`]: an object depends on a table, for example a view; or the read model is being rebuilt
    ///   in place; or a newer program is building it side by side. The error says which.
    /// - [`RebuildError::NotRunning`]: it is paused, another process owns it, or it ended before it could begin. Resume
    ///   it, ask the owner, or do what the state says.
    /// - [`RebuildError::Manager`]: there is no tokio runtime, or a handler of the subscription asked.
    ///
    /// The returned [`Rebuild`] ends with `Failed` if the database refuses the switch. The present generation then
    /// continues to serve.
    ///
    /// # Examples
    /// ```standalone_crate
    /// # #[cfg(all(feature = "macros", feature = "sqlite"))]
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::prelude::*;
    /// # use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteReadModels};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// # #[derive(ReadModel)]
    /// # #[read_model(table = "orders")]
    /// # struct OrderRow { #[read_model(id)] id: uuid::Uuid, total: u64 }
    /// # struct Orders;
    /// # #[projection(name = "orders", read_models(OrderRow))]
    /// # impl Orders {
    /// #     #[handles(OrderPlaced)]
    /// #     async fn placed(
    /// #         &self,
    /// #         event: &Event<OrderPlaced>,
    /// #         rows: &mut Repository<OrderRow>,
    /// #     ) -> Result<(), ReadModelError> {
    /// #         rows.save(OrderRow { id: event.aggregate_id(), total: event.total }).await
    /// #     }
    /// # }
    /// # let path = std::env::temp_dir().join(format!("eventsource-doc-{}.db", uuid::Uuid::now_v7()));
    /// # let db = SqliteDatabase::open(&path).await?;
    /// # let checkpoints = SqliteCheckpoints::new(&db);
    /// # SqliteReadModels::new(&db).create_table::<OrderRow>().await?;
    /// # let manager = SubscriptionManager::new(SqliteEventStore::new(&db), MemoryEventBus::new(), checkpoints);
    /// # let orders = manager.subscribe(Orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// let position = orders.rebuild_side_by_side().await?.await?;
    /// println!("the new read model serves, at position {position}");
    /// # manager.stop().await?;
    /// # db.close().await;
    /// # std::fs::remove_file(path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn rebuild_side_by_side(&self) -> Result<Rebuild, RebuildError> {
        self.begin_rebuild(RebuildKind::SideBySide).await
    }

    /// Returns the unfinished rebuild of either kind, if there is one. An earlier process or another caller may have
    /// begun it. On a standby it is the rebuild that was unfinished when the projection was subscribed, and it does not
    /// move.
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
    /// if let Some(rebuild) = orders.unfinished_rebuild() {
    ///     println!("{}", rebuild.progress().await);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn unfinished_rebuild(&self) -> Option<Rebuild> {
        let tracked = self.core.rebuilds.unfinished()?;
        Some(Rebuild::new(Arc::clone(&self.core), Arc::clone(&self.slot), tracked))
    }

    async fn begin_rebuild(&self, kind: RebuildKind) -> Result<Rebuild, RebuildError> {
        let tracked = self.slot.rebuild(kind).await?;
        Ok(Rebuild::new(Arc::clone(&self.core), Arc::clone(&self.slot), tracked))
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
