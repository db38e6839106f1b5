//! The manager: subscribes projections, and starts and stops them together.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::watch;

use super::config::{StartFrom, SubscriptionConfig};
use super::error::{ManagerError, SubscribeError};
use super::handle::SubscriptionHandle;
use super::progress::Progress;
use super::shared::SharedSubscriber;
use super::slot::{Control, Core, Slot};
use super::{StopReason, SubscriptionState, SubscriptionStatus};
use crate::bus::{BusSubscription, EventBus};
use crate::event::{EventFilter, Position, RecordedEvent, Registry};
use crate::projection::{CheckpointStore, EventSubscriber, Kind, fingerprint};
use crate::store::{EventStore, WakeUps};

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
/// Dropping the manager stops its subscriptions as [`stop`](Self::stop) does, without waiting for them.
pub struct SubscriptionManager<C: CheckpointStore> {
    store: Arc<dyn EventStore>,
    bus: Arc<dyn EventBus>,
    checkpoints: Arc<C>,
    registry: Option<Registry>,
    bus_wake_ups: Arc<WakeUps>,
    slots: Mutex<BTreeMap<String, Arc<Slot<C>>>>,
    /// Held while subscriptions come, go, start or stop.
    running: tokio::sync::Mutex<Option<Running>>,
}

/// What a started manager holds.
struct Running {
    runtime: tokio::runtime::Handle,
    /// `None` where the bus could not be reached: the store's own wake-ups and the poll remain.
    _bus: Option<BusSubscription>,
}

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// A manager without subscriptions, for the log in `store`. `bus` only wakes (law 4); `checkpoints` also decides
    /// what handlers can ask for.
    pub fn new(store: impl EventStore, bus: impl EventBus, checkpoints: C) -> Self {
        Self {
            store: Arc::new(store),
            bus: Arc::new(bus),
            checkpoints: Arc::new(checkpoints),
            registry: None,
            bus_wake_ups: Arc::new(WakeUps::new()),
            slots: Mutex::default(),
            running: tokio::sync::Mutex::default(),
        }
    }

    /// With this catalogue in place of [`Registry::global`].
    #[must_use]
    pub fn with_registry(mut self, registry: Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// Subscribes `projection`. Where the manager is started, the subscription starts at once.
    ///
    /// # Errors
    /// [`SubscribeError`]: its name is taken, one of its events is declared twice, or a start was asked for although
    /// there is a durable checkpoint.
    pub fn subscribe<P: EventSubscriber<C::Unit>>(
        &self,
        projection: P,
        config: SubscriptionConfig,
    ) -> Subscribe<'_, P> {
        Subscribe(Box::pin(self.add(projection, config)))
    }

    async fn add<P: EventSubscriber<C::Unit>>(
        &self,
        projection: P,
        config: SubscriptionConfig,
    ) -> Result<SubscriptionHandle<P>, SubscribeError> {
        let running = self.running.lock().await;
        let name = config.name.clone().unwrap_or_else(|| projection.name().into_owned());
        if self.slots().contains_key(&name) {
            return Err(SubscribeError::DuplicateName { subscription: name });
        }
        let filter = projection.subscribed_to();
        self.check_registry(&name, &filter)?;
        let position = self.check_start(&name, P::KIND, config.start).await?;

        let core = Core {
            name: name.clone(),
            kind: P::KIND,
            filter,
            fingerprint: fingerprint(&projection),
            config,
            store: Arc::clone(&self.store),
            bus_wake_ups: Arc::clone(&self.bus_wake_ups),
            progress: Progress::new(position),
            control: watch::Sender::new(Control::Run),
            in_memory: Mutex::new(None),
        };
        let subscriber = Arc::new(SharedSubscriber::new(projection));
        let slot = Arc::new(Slot::new(core, Arc::clone(&self.checkpoints), Arc::clone(&subscriber) as _));
        self.slots().insert(name, Arc::clone(&slot));
        if let Some(running) = &*running {
            slot.start(&running.runtime).await;
        }
        Ok(SubscriptionHandle::new(Arc::clone(&slot.core), subscriber, slot))
    }

    fn check_registry(&self, name: &str, filter: &EventFilter) -> Result<(), SubscribeError> {
        let registry = self.registry.as_ref().unwrap_or_else(|| Registry::global());
        let duplicate = registry.duplicates().iter().find(|duplicate| {
            filter.event_types().is_none_or(|mut handled| handled.any(|handled| handled == duplicate.name))
        });
        duplicate.cloned().map_or(Ok(()), |duplicate| {
            Err(SubscribeError::DuplicateEvent { subscription: name.to_owned(), duplicate })
        })
    }

    /// The position of the checkpoint, where there is one. A start position applies only where there is none (law 3).
    async fn check_start(&self, name: &str, kind: Kind, start: StartFrom) -> Result<Option<Position>, SubscribeError> {
        if kind == Kind::Memory {
            return Ok(None);
        }
        let checkpoint = match self.checkpoints.load(name).await {
            Ok(checkpoint) => checkpoint,
            Err(source) => return Err(SubscribeError::Checkpoint { subscription: name.to_owned(), source }),
        };
        let wanted = match start {
            StartFrom::Checkpoint => return Ok(checkpoint.map(|checkpoint| checkpoint.position)),
            StartFrom::Beginning => "from the beginning".to_owned(),
            StartFrom::End => "from the end".to_owned(),
            StartFrom::After(position) => format!("after position {position}"),
        };
        match checkpoint {
            None => Ok(None),
            Some(found) => Err(SubscribeError::CheckpointExists {
                subscription: name.to_owned(),
                position: found.position,
                wanted,
            }),
        }
    }

    /// Starts every subscription that does not run, faulted and fenced ones included. Returns before they have
    /// caught up: wait for that with [`SubscriptionHandle::caught_up`].
    ///
    /// # Errors
    /// [`ManagerError::NoRuntime`] outside a tokio runtime.
    pub async fn start(&self) -> Result<(), ManagerError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| ManagerError::NoRuntime)?;
        let mut running = self.running.lock().await;
        if running.is_none() {
            let wake_ups = Arc::clone(&self.bus_wake_ups);
            let wake = move |_: Arc<RecordedEvent>| {
                wake_ups.wake();
                std::future::ready(Ok(()))
            };
            let bus = match self.bus.subscribe(EventFilter::all(), Arc::new(wake)).await {
                Ok(bus) => Some(bus),
                Err(error) => {
                    tracing::warn!(%error, "the event bus does not wake the subscriptions; they poll");
                    None
                }
            };
            *running = Some(Running { runtime: runtime.clone(), _bus: bus });
        }
        for slot in self.all() {
            slot.start(&runtime).await;
        }
        Ok(())
    }

    /// Stops every subscription after the batch that it applies, with its checkpoint saved (law 11), and returns when
    /// all have stopped. [`start`](Self::start) goes on from there.
    ///
    /// # Errors
    /// [`ManagerError::NotSaved`] where a checkpoint could not be saved. All have stopped all the same.
    pub async fn stop(&self) -> Result<(), ManagerError> {
        let mut running = self.running.lock().await;
        let slots = self.all();
        for slot in &slots {
            slot.tell_to_stop(StopReason::ManagerStopped);
        }
        let mut saved = Ok(());
        for slot in &slots {
            saved = saved.and(slot.stopped().await);
        }
        *running = None;
        saved
    }

    /// Stops the subscription `name` and takes it out of the manager. Its checkpoint stays.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`]; [`ManagerError::NotSaved`] where the checkpoint could not be saved: it is out all the same.
    pub async fn unsubscribe(&self, name: &str) -> Result<(), ManagerError> {
        let _running = self.running.lock().await;
        let slot = self.slot(name)?;
        slot.tell_to_stop(StopReason::Unsubscribed);
        let saved = slot.stopped().await;
        slot.core.end_if_idle(StopReason::Unsubscribed);
        self.slots().remove(name);
        saved
    }

    /// Pauses the subscription `name`, and returns when the batch that it applies has ended.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`]; [`ManagerError::NotRunning`] where it does not run, or ends before it pauses.
    pub async fn pause(&self, name: &str) -> Result<(), ManagerError> {
        let core = Arc::clone(&self.slot(name)?.core);
        core.tell(Control::Run, Control::Pause)?;
        let mut progress = core.progress.listen();
        loop {
            let state = progress.borrow_and_update().state.clone();
            match state {
                SubscriptionState::Paused => return Ok(()),
                state if !state.is_running() => {
                    return Err(ManagerError::NotRunning { subscription: core.name.clone(), state });
                }
                _ => {}
            }
            // The sender lives in `core`.
            let _ = progress.changed().await;
        }
    }

    /// Lets the paused subscription `name` go on where it was. One that runs goes on running.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`]; [`ManagerError::NotRunning`] where it is not started, or has ended.
    pub async fn resume(&self, name: &str) -> Result<(), ManagerError> {
        self.slot(name)?.core.tell(Control::Pause, Control::Run)
    }

    /// What the subscription `name` tells of itself.
    ///
    /// # Errors
    /// [`ManagerError::Unknown`].
    pub async fn status(&self, name: &str) -> Result<SubscriptionStatus, ManagerError> {
        Ok(self.slot(name)?.core.status().await)
    }

    /// What every subscription tells of itself, by name.
    pub async fn statuses(&self) -> Vec<SubscriptionStatus> {
        let mut statuses = Vec::new();
        for slot in self.all() {
            statuses.push(slot.core.status().await);
        }
        statuses
    }

    fn slots(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Slot<C>>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> Vec<Arc<Slot<C>>> {
        self.slots().values().cloned().collect()
    }

    fn slot(&self, name: &str) -> Result<Arc<Slot<C>>, ManagerError> {
        let slots = self.slots();
        slots.get(name).cloned().ok_or_else(|| ManagerError::Unknown {
            subscription: name.to_owned(),
            known: slots.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        })
    }
}

impl<C: CheckpointStore> Drop for SubscriptionManager<C> {
    fn drop(&mut self) {
        for slot in self.all() {
            slot.tell_to_stop(StopReason::ManagerDropped);
            slot.core.end_if_idle(StopReason::ManagerDropped);
        }
    }
}

impl<C: CheckpointStore> fmt::Debug for SubscriptionManager<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.slots().keys().cloned().collect();
        f.debug_struct("SubscriptionManager").field("subscriptions", &names).finish_non_exhaustive()
    }
}

/// The future that [`SubscriptionManager::subscribe`] returns.
#[must_use = "the projection is not subscribed until this is awaited"]
pub struct Subscribe<'a, P>(Pin<Box<dyn Future<Output = Result<SubscriptionHandle<P>, SubscribeError>> + Send + 'a>>);

impl<P> Future for Subscribe<'_, P> {
    type Output = Result<SubscriptionHandle<P>, SubscribeError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl<P> fmt::Debug for Subscribe<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscribe")
    }
}
