//! Creates a manager from a database, with what a service sets.

use std::sync::Arc;

use async_trait::async_trait;

use super::SubscriptionManager;
use crate::bus::{BusError, BusSubscription, Notifier, Wake};
use crate::catalogue::Registry;
use crate::event::RecordedEvent;
use crate::projection::CheckpointStore;
use crate::store::EventLog;
use crate::subscription::observer::{Observer, Observers};
use crate::trace::{SharedBridge, TraceBridge};

/// A database that has a log and checkpoints: all that a manager needs. `SqliteDatabase` and `PostgresDatabase` are
/// backends, and an own one can be.
///
/// ```
/// use eventsource::subscription::Backend;
/// use eventsource::{MemoryCheckpoints, MemoryEventStore, SubscriptionManager};
///
/// #[derive(Default)]
/// struct InMemory {
///     store: MemoryEventStore,
///     checkpoints: MemoryCheckpoints,
/// }
///
/// impl Backend for InMemory {
///     type Store = MemoryEventStore;
///     type Checkpoints = MemoryCheckpoints;
///
///     fn event_store(&self) -> MemoryEventStore {
///         self.store.clone()
///     }
///
///     fn checkpoints(&self) -> MemoryCheckpoints {
///         self.checkpoints.clone()
///     }
/// }
///
/// let manager = SubscriptionManager::on(&InMemory::default());
/// # let _ = manager;
/// ```
pub trait Backend {
    /// The log in the database: an event store, or a log that only reads.
    type Store: EventLog;
    /// The checkpoints in the database.
    type Checkpoints: CheckpointStore;

    /// Returns the log in the database. Each call returns another handle of the same log.
    fn event_store(&self) -> Self::Store;

    /// Returns the checkpoints in the database. Each call returns another handle of the same checkpoints.
    fn checkpoints(&self) -> Self::Checkpoints;
}

/// The parts of a manager, which [`SubscriptionManager::builder`] takes from a database.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use eventsource::prelude::*;
/// use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
///
/// let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
/// let bus = MemoryEventBus::new();
/// let manager = SubscriptionManager::builder(&db).notifier(bus.clone()).registry(Registry::of([])).build();
/// # drop(manager);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct ManagerBuilder<C> {
    store: Arc<dyn EventLog>,
    notifier: Arc<dyn Notifier>,
    checkpoints: C,
    registry: Option<Registry>,
    observers: Observers,
    traces: Option<SharedBridge>,
    only_plans: bool,
}

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// Creates a manager on a database: it reads the log of the database, and stores the checkpoints there.
    ///
    /// The stores of this crate wake their readers by themselves, the one of PostgreSQL in all processes, so the manager
    /// needs no notifier. Use [`builder`](Self::builder) to add one.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use eventsource::SubscriptionManager;
    /// use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    ///
    /// let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// let manager = SubscriptionManager::on(&db);
    /// # drop(manager);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn on<B: Backend<Checkpoints = C>>(db: &B) -> Self {
        Self::builder(db).build()
    }

    /// Returns the parts of a manager on a database, to replace some of them. See [`ManagerBuilder`] for an example.
    pub fn builder<B: Backend<Checkpoints = C>>(db: &B) -> ManagerBuilder<C> {
        ManagerBuilder {
            store: Arc::new(db.event_store()),
            notifier: Arc::new(NoNotifier),
            checkpoints: db.checkpoints(),
            registry: None,
            observers: Observers::default(),
            traces: None,
            only_plans: false,
        }
    }
}

impl<C: CheckpointStore> ManagerBuilder<C> {
    /// Reads the log of `store`. By default it is the one of the database.
    pub fn store(self, store: impl EventLog) -> Self {
        Self { store: Arc::new(store), ..self }
    }

    /// Wakes the subscriptions by `notifier`, in addition to the wake-ups of the store. By default there is none.
    pub fn notifier(self, notifier: impl Notifier) -> Self {
        Self { notifier: Arc::new(notifier), ..self }
    }

    /// Stores the positions in `checkpoints`, and gives its connections to handlers. By default it is the store of the
    /// database.
    pub fn checkpoints<D: CheckpointStore>(self, checkpoints: D) -> ManagerBuilder<D> {
        let Self { store, notifier, checkpoints: _, registry, observers, traces, only_plans } = self;
        ManagerBuilder { store, notifier, checkpoints, registry, observers, traces, only_plans }
    }

    /// Uses `registry` in place of [`Registry::global`]: see [`SubscriptionManager::with_registry`].
    pub fn registry(self, registry: Registry) -> Self {
        Self { registry: Some(registry), ..self }
    }

    /// Adds an observer of the subscriptions. There can be several: see [`Observer`]. By default there is none.
    pub fn observer(self, observer: impl Observer) -> Self {
        Self { observers: self.observers.with(observer), ..self }
    }

    /// Links the spans of batches to the traces of their events: see [`SubscriptionManager::with_traces`].
    pub fn traces(self, bridge: impl TraceBridge) -> Self {
        Self { traces: Some(SharedBridge::new(bridge)), ..self }
    }

    /// Lets the manager only plan: see [`SubscriptionManager::planning`].
    pub fn planning(self) -> Self {
        Self { only_plans: true, ..self }
    }

    /// Creates the manager, without subscriptions.
    #[must_use]
    pub fn build(self) -> SubscriptionManager<C> {
        let manager = SubscriptionManager::of_parts(self.store, self.notifier, self.checkpoints);
        let manager = if self.observers.is_empty() { manager } else { manager.with_observers(self.observers) };
        let manager = manager.with_bridge(self.traces);
        let manager = if self.only_plans { manager.planning() } else { manager };
        match self.registry {
            Some(registry) => manager.with_registry(registry),
            None => manager,
        }
    }
}

impl<C> std::fmt::Debug for ManagerBuilder<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ManagerBuilder").field("registry", &self.registry).finish_non_exhaustive()
    }
}

/// A notifier that wakes nothing.
struct NoNotifier;

#[async_trait]
impl Notifier for NoNotifier {
    async fn notify(&self, _: &[Arc<RecordedEvent>]) -> Result<(), BusError> {
        Ok(())
    }

    async fn listen(&self, _: Wake) -> Result<BusSubscription, BusError> {
        Ok(BusSubscription::new(|| {}))
    }
}
