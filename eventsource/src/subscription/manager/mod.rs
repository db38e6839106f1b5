//! The manager: starts, stops and tells of its subscriptions.

mod listening;
mod named;
#[cfg(feature = "signals")]
mod signals;

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
use super::subscription_shared::SubscriptionShared;
use super::supervised::{SupervisedSubscription, SupervisedSubscriptions};
use super::transitions::IllegalTransitions;
use super::{Health, HealthLimits, ManagerError, StopReason, SubscriptionStatus, inspect};
use crate::bus::Notifier;
use crate::event::Registry;
use crate::projection::CheckpointStore;
use crate::store::{EventStore, WakeUpSender};

/// Runs projections: each as a subscription of its own, with its own position and its own failures.
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
/// let order = store.append(&stream, ExpectedVersion::NoStream, vec![NewEvent::of(&OrderPlaced { total: 150 })?]).await?;
/// revenue.wait_for(order.position()).await?;
/// assert_eq!(revenue.read().await.0, 150);
/// manager.stop().await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// Dropping the manager stops its subscriptions as [`stop`](Self::stop) does, without waiting for them. With the feature
/// `testing` it panics where a subscription went from one state to another that its table of states does not know, so
/// that a test fails.
pub struct SubscriptionManager<C: CheckpointStore> {
    pub(super) store: Arc<dyn EventStore>,
    /// The log, read once for all subscriptions.
    pub(super) log: Arc<SharedLog>,
    notifier: Arc<dyn Notifier>,
    pub(super) checkpoints: Arc<C>,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) bus_wake_ups: Arc<WakeUpSender>,
    pub(super) slots: Arc<SupervisedSubscriptions<C>>,
    /// By what other processes, and their operators, know whose checkpoints these are.
    pub(super) owner: Arc<str>,
    /// The changes of states that should not be.
    pub(super) broken: IllegalTransitions,
    /// Held while subscriptions come, go, start or stop.
    pub(super) running: tokio::sync::Mutex<Option<Running>>,
}

/// What a started manager holds.
pub(super) struct Running {
    pub(super) runtime: tokio::runtime::Handle,
    /// Whether the manager was started, and not only one of its subscriptions: what is subscribed later starts at once.
    pub(super) starts_all: bool,
    _listening: Listening,
}

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// A manager without subscriptions, for the log in `store`. `notifier` wakes them and carries no data: a
    /// [`Notifier`], or any event bus. `checkpoints` also decides what handlers can ask for.
    pub fn new(store: impl EventStore, notifier: impl Notifier, checkpoints: C) -> Self {
        let store: Arc<dyn EventStore> = Arc::new(store);
        Self {
            log: Arc::new(SharedLog::new(Arc::clone(&store))),
            store,
            notifier: Arc::new(notifier),
            checkpoints: Arc::new(checkpoints),
            catalogue: Arc::default(),
            bus_wake_ups: Arc::new(WakeUpSender::new()),
            slots: Arc::default(),
            owner: owner(),
            broken: IllegalTransitions::default(),
            running: tokio::sync::Mutex::default(),
        }
    }

    /// With this catalogue in place of [`Registry::global`], for what is subscribed from now on.
    #[must_use]
    pub fn with_registry(mut self, registry: Registry) -> Self {
        self.catalogue = Arc::new(Catalogue::of(registry));
        self
    }

    /// Starts every subscription that does not run, faulted ones included. Returns before they have caught up: wait for that with [`caught_up`](super::SubscriptionHandle::caught_up).
    ///
    /// # Errors
    /// [`ManagerError::NoRuntime`] outside a tokio runtime.
    pub async fn start(&self) -> Result<(), ManagerError> {
        let mut running = self.running.lock().await;
        let running = self.listen(&mut running).await?;
        running.starts_all = true;
        for slot in self.all() {
            slot.start(&running.runtime).await;
        }
        Ok(())
    }

    /// Listens to the notifier, unless it does so already. Subscriptions are started in the runtime of this call.
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

    /// Stops every subscription after the batch that it applies, with its checkpoint saved ([clean stop](crate::guarantees#clean-stop)), and returns when
    /// all have stopped. [`start`](Self::start) goes on from there.
    ///
    /// # Errors
    /// [`ManagerError::NotSaved`] where a checkpoint could not be saved: all have stopped all the same.
    /// [`ManagerError::InsideHandler`] in a handler, which would wait for itself: none has.
    pub async fn stop(&self) -> Result<(), ManagerError> {
        let slots = self.all();
        for slot in &slots {
            slot.core.refuse_handler("stop")?;
        }
        // Not held while the runners end: their handlers may ask the manager for something.
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

    /// Stops the subscription `name` and takes it out of the manager. Its checkpoint stays.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`]; [`ManagerError::InsideHandler`] in a handler of it, which would wait for itself;
    /// [`ManagerError::NotSaved`] where the checkpoint could not be saved: it is out all the same.
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

    /// Starts every subscription, waits for `until`, and stops them as [`stop`](Self::stop) does. Returns what `until`
    /// returned.
    ///
    /// While `until` runs, the subscriptions run: a web server as `until` answers the requests that it has before the
    /// projections stop. See `shutdown_signal` for such a program (feature `signals`). A subscription that faults does not
    /// end it: [`health`](Self::health) tells.
    ///
    /// ```
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # let manager = SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// let answered = manager.run_until(async { 3 }).await?;
    /// assert_eq!(answered, 3);
    /// # Ok::<(), eventsource::subscription::ManagerError>(())
    /// # }).unwrap();
    /// ```
    ///
    /// Where this future is dropped, the subscriptions go on running.
    ///
    /// # Errors
    /// Those of [`start`](Self::start) and [`stop`](Self::stop). Where `start` fails, `until` is not run.
    pub async fn run_until<F: Future>(&self, until: F) -> Result<F::Output, ManagerError> {
        self.start().await?;
        let output = until.await;
        self.stop().await?;
        Ok(output)
    }

    /// As [`stop`](Self::stop), but whatever has not stopped within `deadline` is cut off in the middle of its batch: what
    /// that did in a transaction is undone, and the next start repeats it.
    ///
    /// # Errors
    /// [`ManagerError::Deadline`] names what was cut off; otherwise those of `stop`.
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

    /// Ends what has not stopped, wherever it is, and names it.
    async fn cut_off(&self) -> Vec<String> {
        let mut cut_off = Vec::new();
        for slot in self.all() {
            if slot.cut_off().await {
                cut_off.push(slot.core.name.clone());
            }
        }
        cut_off
    }

    /// Returns the health of this process by these limits, measured now: the stores are asked a handful of questions,
    /// however many subscriptions there are. Events are counted up to the limit, or up to 10,000.
    ///
    /// For the probes of an orchestrator take [`probe`](Self::probe), which does not depend on the stores.
    pub async fn health(&self, limits: HealthLimits) -> Health {
        inspect::health(&*self.checkpoints, &self.cores(), limits).await
    }

    /// Returns the health of this process by these limits, from what its subscriptions know: no store is asked anything,
    /// so that a probe is cheap and never hangs. [`Health::age`] says how old the knowledge is; an idle subscription looks at
    /// the log at least once in its [`poll_interval`](super::SubscriptionConfig::poll_interval), a standby four times in its
    /// [`lease`](super::SubscriptionConfig::lease).
    ///
    /// Events are counted by positions here, gaps included.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use eventsource::prelude::*;
    /// use eventsource::subscription::HealthLimits;
    ///
    /// let manager =
    ///     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// manager.start().await?;
    /// let health = manager.probe(HealthLimits::default());
    /// assert!(health.live && health.ready);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn probe(&self, limits: HealthLimits) -> Health {
        Health::known(self.cores().iter().map(|core| &**core), limits)
    }

    /// What every subscription tells of itself, by name. The stores are asked a handful of questions, and one more for
    /// each subscription that is being rebuilt.
    pub async fn statuses(&self) -> Vec<SubscriptionStatus> {
        inspect::statuses(&*self.checkpoints, &self.cores()).await
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

/// A name for this manager that no other has.
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
        #[cfg(feature = "testing")]
        self.broken.fail_the_test();
    }
}

impl<C: CheckpointStore> fmt::Debug for SubscriptionManager<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.slots().keys().cloned().collect();
        f.debug_struct("SubscriptionManager").field("subscriptions", &names).finish_non_exhaustive()
    }
}
