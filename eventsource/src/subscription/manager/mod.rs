//! The manager: subscribes, starts, stops and reports on its subscriptions.

mod builder;
mod by_operator;
mod launch;
mod listening;
mod named;
mod observe;
mod pausing;
mod plan;
mod ports;
mod purge;
mod repair;
mod service;
#[cfg(feature = "signals")]
mod signals;
mod stop;
mod subscribe;
mod subscribe_checks;
mod subscription_control;
mod supervised;

pub use builder::{Backend, ManagerBuilder};
pub(crate) use by_operator::Supervised;
#[cfg(feature = "signals")]
pub use signals::{Shutdown, Signal, shutdown_signal};
pub use subscribe::Subscribe;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, MutexGuard, PoisonError};

use uuid::Uuid;

use self::listening::Listening;
use self::purge::Purge;
use self::service::Service;
use super::log::SharedLog;
use super::subscription_shared::SubscriptionShared;
use super::{InsideHandler, ManagerError, StopReason};
use crate::bus::Notifier;
use crate::catalogue::Registry;
use crate::projection::CheckpointStore;
use crate::store::{EventLog, WakeUpSender};
use crate::subscription::log::catalogue::Catalogue;
use crate::subscription::manager::supervised::{SupervisedSubscription, SupervisedSubscriptions};
use crate::subscription::observer::Observers;
use crate::subscription::state::bell::StateBell;
use crate::trace::SharedBridge;

/// Runs the subscriptions of a process: subscribes projections, starts them, stops them and reports on them.
///
/// Each subscription runs in its own task, with its own position and its own failures. All subscriptions of a manager
/// share one reader of the log. Create one manager for a process, and keep it for the life of the process. It is not
/// `Clone`: put it into an [`Arc`] to share it, for example as the state of a web server.
///
/// There is no limit of subscriptions. Each costs a task, two pages of the log in memory
/// ([`batch_bytes`](crate::subscription::SubscriptionConfig::batch_bytes)), one poll of the log in each
/// [`poll_interval`](crate::subscription::SubscriptionConfig::poll_interval), and one small write in each third of its
/// [`lease`](crate::subscription::SubscriptionConfig::lease). A transactional projection uses one connection while it applies a
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
    store: Arc<dyn EventLog>,
    /// The log, read once for all subscriptions.
    log: Arc<SharedLog>,
    notifier: Arc<dyn Notifier>,
    checkpoints: Arc<C>,
    catalogue: Arc<Catalogue>,
    bus_wake_ups: Arc<WakeUpSender>,
    slots: Arc<SupervisedSubscriptions<C>>,
    /// The name under which this manager owns checkpoints, for operators and standbys.
    owner: Arc<str>,
    /// Wakes the streams of changes.
    bell: StateBell,
    observers: Observers,
    traces: Option<SharedBridge>,
    /// Whether it only plans, and runs nothing.
    only_plans: bool,
    /// Locked while a subscription is added, and while the manager starts or stops.
    running: tokio::sync::Mutex<Option<Running>>,
}

/// The parts of a started manager.
pub(super) struct Running {
    runtime: tokio::runtime::Handle,
    /// Whether the manager was started, and not only one of its subscriptions. Then a new subscription starts at once.
    starts_all: bool,
    _listening: Listening,
    _service: Option<Service>,
    _purge: Purge,
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
            observers: Observers::default(),
            traces: None,
            only_plans: false,
            running: tokio::sync::Mutex::default(),
        }
    }

    /// Uses `registry` in place of [`Registry::global`] for the projections that are subscribed after this call.
    ///
    /// The registry decides which event types are known: see [`UnknownEvents`](crate::subscription::UnknownEvents).
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
    /// Returns before they have caught up: wait for that with [`caught_up`](crate::subscription::SubscriptionHandle::caught_up). If a
    /// database is down, it succeeds, and the subscriptions wait for it
    /// ([`Waiting`](crate::subscription::SubscriptionState::Waiting)). What prevents a subscription from running is its state later:
    /// [`Refused`](crate::subscription::SubscriptionState::Refused) or [`Faulted`](crate::subscription::SubscriptionState::Faulted).
    ///
    /// Waits up to 2 s for the notifier; if it does not answer, the subscriptions poll, and a background task tries
    /// again.
    ///
    /// # Errors
    /// [`ManagerError::NoRuntime`] outside a tokio runtime; [`ManagerError::InsideHandler`] in a handler of the manager:
    /// a start waits for a subscription that is stopping, which waits for its handler; [`ManagerError::OnlyPlans`] if the
    /// manager only [plans](Self::planning).
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
        if self.only_plans {
            return Err(ManagerError::OnlyPlans);
        }
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| ManagerError::NoRuntime)?;
        let before = match running.take() {
            Some(before) => Running { runtime, ..before },
            None => {
                let listening = Listening::start(&self.notifier, &self.bus_wake_ups).await;
                let service = Service::start(&self.slots, &self.checkpoints, &self.owner);
                let purge = Purge::start(&self.slots);
                Running { runtime, starts_all: false, _listening: listening, _service: service, _purge: purge }
            }
        };
        Ok(running.insert(before))
    }

    /// Fails if a handler of one of the subscriptions calls it.
    fn refuse_handlers(&self, action: &'static str) -> Result<(), InsideHandler> {
        self.cores().iter().try_for_each(|core| core.refuse_handler(action))
    }

    fn cores(&self) -> Vec<Arc<SubscriptionShared>> {
        self.slots().values().map(|slot| Arc::clone(&slot.core)).collect()
    }

    fn slots(&self) -> MutexGuard<'_, BTreeMap<String, Arc<SupervisedSubscription<C>>>> {
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
