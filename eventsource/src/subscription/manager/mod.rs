//! The manager: subscribes, starts, stops and reports on its subscriptions.

mod builder;
mod listening;
mod named;
mod observe;
#[cfg(feature = "signals")]
mod signals;

pub use builder::{Backend, ManagerBuilder};
#[cfg(feature = "signals")]
pub use signals::{Shutdown, Signal, shutdown_signal};

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use self::listening::Listening;
use super::catalogue::Catalogue;
use super::log::SharedLog;
use super::state_bell::StateBell;
use super::subscription_shared::SubscriptionShared;
use super::supervised::{SupervisedSubscription, SupervisedSubscriptions};
use super::{InsideHandler, ManagerError, StopReason};
use crate::bus::Notifier;
use crate::catalogue::Registry;
use crate::projection::CheckpointStore;
use crate::store::{EventLog, WakeUpSender};

/// Runs the subscriptions of a process: subscribes projections, starts them, stops them and reports on them.
///
/// Each subscription runs in its own task, with its own position and its own failures. All subscriptions of a manager
/// share one reader of the log. Create one manager for a process, and keep it for the life of the process. It is not
/// `Clone`: put it into an [`Arc`] to share it, for example as the state of a web server.
///
/// There is no limit of subscriptions. Each costs a task, two pages of the log in memory
/// ([`batch_bytes`](super::SubscriptionConfig::batch_bytes)), one poll of the log in each
/// [`poll_interval`](super::SubscriptionConfig::poll_interval), and one small write in each third of its
/// [`lease`](super::SubscriptionConfig::lease). A transactional projection uses one connection while it applies a
/// batch.
///
/// ```standalone_crate
/// # #[cfg(feature = "macros")]
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use eventsource::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderPlaced { total: u64 }
///
/// #[derive(Clone, Default)]
/// struct Revenue(u64);
///
/// #[projection]
/// impl Revenue {
///     #[handles(OrderPlaced)]
///     fn placed(&mut self, event: &OrderPlaced) { self.0 += event.total }
/// }
///
/// let store = MemoryEventStore::new();
/// let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// let revenue = manager.subscribe(Revenue::default(), SubscriptionConfig::from_beginning()).await?;
/// manager.start().await?;
///
/// let stream = StreamId::new("Order", uuid::Uuid::now_v7());
/// let order = NewEvent::of(&OrderPlaced { total: 150 })?;
/// let stored = store.append(&stream, ExpectedVersion::NoStream, vec![order]).await?;
/// revenue.wait_for(&stored).await?;
/// assert_eq!(revenue.read().await.0, 150);
/// manager.stop().await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// Dropping the manager stops its subscriptions like [`stop`](Self::stop), but does not wait for them.
pub struct SubscriptionManager<C: CheckpointStore> {
    pub(super) store: Arc<dyn EventLog>,
    /// The log, read once for all subscriptions.
    pub(super) log: Arc<SharedLog>,
    notifier: Arc<dyn Notifier>,
    pub(super) checkpoints: Arc<C>,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) bus_wake_ups: Arc<WakeUpSender>,
    pub(super) slots: Arc<SupervisedSubscriptions<C>>,
    /// The name under which this manager owns checkpoints, for operators and standbys.
    pub(super) owner: Arc<str>,
    /// Wakes the streams of changes.
    pub(super) bell: StateBell,
    /// Locked while a subscription is added, and while the manager starts or stops.
    pub(super) running: tokio::sync::Mutex<Option<Running>>,
}

/// The parts of a started manager.
pub(super) struct Running {
    pub(super) runtime: tokio::runtime::Handle,
    /// Whether the manager was started, and not only one of its subscriptions. Then a new subscription starts at once.
    pub(super) starts_all: bool,
    _listening: Listening,
}

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// Creates a manager without subscriptions, from its parts. On one database, [`on`](Self::on) is shorter.
    ///
    /// - `store` is the log that the subscriptions read: an event store, or any other [`EventLog`].
    /// - `notifier` wakes the subscriptions: a [`Notifier`] or any event bus. It carries no data ([wake-ups carry no
    ///   data](crate::guarantees#wake-ups-carry-no-data)). Most stores also wake their readers by themselves
    ///   ([`EventLog::wake_ups`]): the one of PostgreSQL in all processes, those in memory and of SQLite in their own
    ///   process. With these, pass `MemoryEventBus::new()`: nothing needs to publish to it. Pass the notifier of a
    ///   broker if several processes append through a store without such wake-ups.
    /// - `checkpoints` stores the positions. It also decides what handlers can ask for: with checkpoints in a SQL
    ///   database, handlers get its connection.
    ///
    /// ```
    /// use eventsource::prelude::*;
    ///
    /// let store = MemoryEventStore::new();
    /// let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let _ = manager;
    /// ```
    pub fn new(store: impl EventLog, notifier: impl Notifier, checkpoints: C) -> Self {
        Self::of_parts(Arc::new(store), Arc::new(notifier), checkpoints)
    }

    fn of_parts(store: Arc<dyn EventLog>, notifier: Arc<dyn Notifier>, checkpoints: C) -> Self {
        Self {
            log: Arc::new(SharedLog::new(Arc::clone(&store))),
            store,
            notifier,
            checkpoints: Arc::new(checkpoints),
            catalogue: Arc::default(),
            bus_wake_ups: Arc::new(WakeUpSender::new()),
            slots: Arc::default(),
            owner: owner(),
            bell: StateBell::default(),
            running: tokio::sync::Mutex::default(),
        }
    }

    /// Uses `registry` in place of [`Registry::global`] for the projections that are subscribed after this call.
    ///
    /// The registry decides which event types are known: see [`UnknownEvents`](super::UnknownEvents).
    ///
    /// ```
    /// use eventsource::prelude::*;
    ///
    /// let manager =
    ///     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new())
    ///         .with_registry(Registry::of([]));
    /// # let _ = manager;
    /// ```
    #[must_use]
    pub fn with_registry(mut self, registry: Registry) -> Self {
        self.catalogue = Arc::new(Catalogue::of(registry));
        self
    }

    /// Starts every subscription that does not run, including stopped, faulted, refused and twice fenced ones. Changes
    /// nothing for those that run, are paused or stand by, so it can be called at any time to start the others again.
    ///
    /// Returns before they have caught up: wait for that with [`caught_up`](super::SubscriptionHandle::caught_up). If a
    /// database is down, it succeeds, and the subscriptions wait for it
    /// ([`Waiting`](super::SubscriptionState::Waiting)). What prevents a subscription from running is its state later:
    /// [`Refused`](super::SubscriptionState::Refused) or [`Faulted`](super::SubscriptionState::Faulted).
    ///
    /// Waits up to 2 s for the notifier; if it does not answer, the subscriptions poll, and a background task tries
    /// again.
    ///
    /// # Errors
    /// [`ManagerError::NoRuntime`] outside a tokio runtime; [`ManagerError::InsideHandler`] in a handler of the manager:
    /// a start waits for a subscription that is stopping, which waits for its handler.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let manager =
    /// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// manager.start().await?;
    /// // … the subscriptions run …
    /// manager.stop().await?;
    /// # Ok::<(), eventsource::subscription::ManagerError>(())
    /// # }).unwrap();
    /// ```
    pub async fn start(&self) -> Result<(), ManagerError> {
        self.refuse_handlers("start")?;
        let mut running = self.running.lock().await;
        let running = self.listen(&mut running).await?;
        running.starts_all = true;
        for slot in self.all() {
            slot.start(&running.runtime).await;
        }
        Ok(())
    }

    /// Listens to the notifier, if it does not yet. From now on, subscriptions start in the runtime of this call.
    async fn listen<'r>(&self, running: &'r mut Option<Running>) -> Result<&'r mut Running, ManagerError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| ManagerError::NoRuntime)?;
        let before = match running.take() {
            Some(before) => Running { runtime, ..before },
            None => {
                let listening = Listening::start(&self.notifier, &self.bus_wake_ups).await;
                Running { runtime, starts_all: false, _listening: listening }
            }
        };
        Ok(running.insert(before))
    }

    /// Stops every subscription after its present batch, with its checkpoint saved ([clean
    /// stop](crate::guarantees#clean-stop)).
    ///
    /// Returns when all have stopped. A retry delay, an outage, a pause and a standby end at once. A batch that is
    /// being applied is finished first, with all its handlers, and each of them can take
    /// [`handler_timeout`](super::SubscriptionConfig::handler_timeout). So this has no useful time limit of its own:
    /// use [`stop_within`](Self::stop_within) if the process is killed after some time. [`start`](Self::start)
    /// continues where the subscriptions stopped.
    ///
    /// Each subscription releases its lease, so a standby in another process takes over.
    ///
    /// # Errors
    /// - [`ManagerError::NotSaved`] if a checkpoint could not be saved. All subscriptions have stopped. The next start
    ///   continues from the checkpoint before: only an effects projection may handle some events again.
    /// - [`ManagerError::InsideHandler`] in a handler, which would wait for itself. No subscription has stopped.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let manager =
    /// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// orders.caught_up().await?;
    /// manager.stop().await?;
    /// assert!(!orders.inspect().await.state.is_running());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn stop(&self) -> Result<(), ManagerError> {
        let slots = self.all();
        for slot in &slots {
            slot.core.refuse_handler("stop")?;
        }
        // The lock is not held while the runners end: their handlers may call the manager.
        *self.running.lock().await = None;
        for slot in &slots {
            slot.tell_to_stop(StopReason::ManagerStopped);
        }
        let mut saved = Ok(());
        for slot in &slots {
            saved = saved.and(slot.stop(StopReason::ManagerStopped).await);
        }
        saved
    }

    /// Stops the subscription `name` and removes it from the manager. A standby in another process takes over.
    ///
    /// Its checkpoint, its dead letters and the ownership of its tables stay in the store, so a later subscription with
    /// this name continues from there. The name is free at once. Handles that exist report the state `Stopped`, and can
    /// still [`reset`](super::SubscriptionHandle::reset) the subscription.
    ///
    /// To remove a projection for ever, stop it in every process, [`reset`](super::SubscriptionHandle::reset) it and
    /// unsubscribe it: that removes its checkpoint, its letters and its rows. Then drop its empty tables by SQL.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`] if there is no such subscription; [`ManagerError::InsideHandler`] in a handler of the
    /// subscription, which would wait for itself; [`ManagerError::NotSaved`] if the checkpoint could not be saved: the
    /// subscription is removed nevertheless.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// manager.unsubscribe("orders").await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn unsubscribe(&self, name: &str) -> Result<(), ManagerError> {
        let slot = self.slot(name)?;
        slot.core.refuse_handler("unsubscribe it")?;
        slot.take_out();
        let saved = slot.stop(StopReason::Unsubscribed).await;
        slot.core.end_if_idle(StopReason::Unsubscribed);
        let mut slots = self.slots();
        if slots.get(name).is_some_and(|own| Arc::ptr_eq(own, &slot)) {
            slots.remove(name);
        }
        saved
    }

    /// Starts every subscription, awaits `until`, then stops every subscription like [`stop`](Self::stop). Returns the
    /// output of `until`.
    ///
    /// The subscriptions run while `until` runs: a web server as `until` answers its last requests before the
    /// projections stop. See `shutdown_signal` for such a program (feature `signals`). A subscription that faults does
    /// not end it: see [`health`](Self::health). The stop has no deadline, and a second signal does not cut it off.
    ///
    /// If this future is dropped, the subscriptions continue to run.
    ///
    /// # Errors
    /// Those of [`start`](Self::start) and [`stop`](Self::stop). If `start` fails, `until` is not awaited. If `stop`
    /// fails, the output of `until` is lost.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let manager =
    /// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// let answered = manager.run_until(async { 3 }).await?;
    /// assert_eq!(answered, 3);
    /// # Ok::<(), eventsource::subscription::ManagerError>(())
    /// # }).unwrap();
    /// ```
    pub async fn run_until<F: Future>(&self, until: F) -> Result<F::Output, ManagerError> {
        self.start().await?;
        let output = until.await;
        self.stop().await?;
        Ok(output)
    }

    /// Stops every subscription like [`stop`](Self::stop), and cuts off the ones that have not stopped within
    /// `deadline`.
    ///
    /// A subscription that is cut off loses its present batch, and the next start applies these events again:
    /// - Transactional: the transaction is rolled back, so nothing is applied twice.
    /// - Memory and durable memory: the state is restored or replayed, so nothing is applied twice. If it cannot be
    ///   emptied, the subscription does not start again ([`StopReason::StateUnknown`]).
    /// - Effects: the effects of the batch happen again.
    ///
    /// It does not release its lease: a standby takes over when the lease expires. A handler that blocks its thread
    /// cannot be cut off; this returns half a second later nevertheless. A deadline of zero cuts off every subscription
    /// that does not stop at once. In Kubernetes, choose some seconds less than `terminationGracePeriodSeconds`, which
    /// is 30 s by default.
    ///
    /// # Errors
    /// [`ManagerError::Deadline`] with the names of the subscriptions that were cut off; otherwise those of
    /// [`stop`](Self::stop).
    ///
    /// # Examples
    /// ```
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let manager =
    /// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # manager.start().await?;
    /// use std::time::Duration;
    ///
    /// manager.stop_within(Duration::from_secs(10)).await?;
    /// # Ok::<(), eventsource::subscription::ManagerError>(())
    /// # }).unwrap();
    /// ```
    pub async fn stop_within(&self, deadline: Duration) -> Result<(), ManagerError> {
        if let Ok(stopped) = tokio::time::timeout(deadline, self.stop()).await {
            return stopped;
        }
        let cut_off = self.cut_off().await;
        if cut_off.is_empty() {
            return Ok(());
        }
        Err(ManagerError::Deadline { deadline, subscriptions: cut_off })
    }

    /// Aborts the subscriptions that have not stopped, and returns their names.
    async fn cut_off(&self) -> Vec<String> {
        let mut cut_off = Vec::new();
        for slot in self.all() {
            if slot.cut_off().await {
                cut_off.push(slot.core.name.clone());
            }
        }
        cut_off
    }

    /// Fails if a handler of one of the subscriptions calls it.
    fn refuse_handlers(&self, action: &'static str) -> Result<(), InsideHandler> {
        self.cores().iter().try_for_each(|core| core.refuse_handler(action))
    }

    fn cores(&self) -> Vec<Arc<SubscriptionShared>> {
        self.slots().values().map(|slot| Arc::clone(&slot.core)).collect()
    }

    pub(super) fn slots(&self) -> MutexGuard<'_, BTreeMap<String, Arc<SupervisedSubscription<C>>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> Vec<Arc<SupervisedSubscription<C>>> {
        self.slots().values().cloned().collect()
    }
}

/// Returns a unique name for this manager.
fn owner() -> Arc<str> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname");
    let host = host.as_deref().map_or("an unknown host", str::trim);
    format!("process {} on {host} ({})", std::process::id(), Uuid::now_v7().simple()).into()
}

impl<C: CheckpointStore> Drop for SubscriptionManager<C> {
    fn drop(&mut self) {
        for slot in self.all() {
            slot.tell_to_stop(StopReason::ManagerDropped);
            slot.core.end_if_idle(StopReason::ManagerDropped);
        }
        self.bell.close();
    }
}

impl<C: CheckpointStore> fmt::Debug for SubscriptionManager<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.slots().keys().cloned().collect();
        f.debug_struct("SubscriptionManager").field("subscriptions", &names).finish_non_exhaustive()
    }
}
