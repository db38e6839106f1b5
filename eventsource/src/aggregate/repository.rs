//! The repository of the aggregates of one type. Its operations are in `load.rs`, `save.rs` and `execute.rs`.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::snapshot::Snapshots;
use super::turns::Turns;
use super::{Aggregate, AggregateRoot, SnapshotPolicy, SnapshotStore};
use crate::backoff::Chance;
use crate::bus::Notifier;
use crate::store::EventStore;

/// Loads and saves aggregates of the type `A`, and executes commands on them. See [the module](super) for an example.
///
/// Clones share the store, the notifier and the snapshots. Commands of one process take turns only within clones of one
/// repository, so create one repository for each aggregate type and clone it.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use eventsource::prelude::*;
/// # #[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
/// # #[event(aggregate = "Account")]
/// # struct Deposited { amount: u64 }
/// # #[derive(Default)]
/// # struct Account { balance: u64 }
/// # #[aggregate]
/// # impl Account { #[applies(Deposited)] fn add(&mut self, event: &Deposited) { self.balance += event.amount } }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new());
/// let id = uuid::Uuid::now_v7();
/// let mut account = accounts.create_new(id);
/// account.record(Deposited { amount: 5 });
/// accounts.save(&mut account).await?;
/// assert_eq!(accounts.load(id).await?.balance, 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// # }
/// ```
pub struct AggregateRepository<A> {
    pub(super) store: Arc<dyn EventStore>,
    pub(super) notifier: Arc<dyn Notifier>,
    pub(super) snapshots: Option<Arc<Snapshots<A>>>,
    pub(super) turns: Arc<Turns>,
    /// Draws the jitter of retries.
    pub(super) chance: Arc<Chance>,
    aggregate: PhantomData<fn() -> A>,
}

impl<A: Aggregate> AggregateRepository<A> {
    /// Creates a repository on `store`. After each save it calls `notifier`: a [`Notifier`] for wake-ups, or an event
    /// bus, which publishes the events.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # #[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct Opened {}
    /// # #[derive(Default)]
    /// # struct Account;
    /// # #[aggregate]
    /// # impl Account { #[applies(Opened)] fn opened(&mut self, _: &Opened) {} }
    /// let (store, bus) = (MemoryEventStore::new(), MemoryEventBus::new());
    /// let accounts = AggregateRepository::<Account>::new(store.clone(), bus.clone());
    /// let manager = SubscriptionManager::new(store, bus, MemoryCheckpoints::new());
    /// # let _ = (accounts, manager);
    /// # }
    /// ```
    pub fn new(store: impl EventStore, notifier: impl Notifier) -> Self {
        Self {
            store: Arc::new(store),
            notifier: Arc::new(notifier),
            snapshots: None,
            turns: Arc::new(Turns::new()),
            chance: Arc::new(Chance::new(None)),
            aggregate: PhantomData,
        }
    }

    /// Adds snapshots, which are kept in `store`. A load then reads the snapshot, and replays only the events after it.
    /// `policy` decides which saves take a snapshot. See [`SnapshotPolicy`] for an example.
    ///
    /// Serde stores the state as JSON. It is encoded during the save, before other code can change the aggregate. Do
    /// not let serde skip a field: after a load it would have its default value.
    ///
    /// Snapshots never make a call fail:
    ///
    /// - A snapshot that cannot be used costs a warning and a replay of the stream. This happens if its state has
    ///   another shape (see [`SnapshotPolicy::state_version`] for changes that the shape does not show), if it does not
    ///   decode, if the stream does not have the event of the snapshot, or if `store` fails.
    /// - A snapshot that cannot be saved costs a warning. The events are saved.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # use eventsource::aggregate::*;
    /// # #[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct Deposited { amount: u64 }
    /// # #[derive(Default, serde::Serialize, serde::Deserialize)]
    /// # struct Account { balance: u64 }
    /// # #[aggregate]
    /// # impl Account { #[applies(Deposited)] fn add(&mut self, event: &Deposited) { self.balance += event.amount } }
    /// // After each hundredth event.
    /// let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new())
    ///     .with_snapshots(MemorySnapshots::new(), SnapshotPolicy::every(100));
    /// # }
    /// ```
    #[must_use]
    pub fn with_snapshots(mut self, store: impl SnapshotStore, policy: SnapshotPolicy<A>) -> Self
    where
        A: Serialize + DeserializeOwned,
    {
        self.snapshots = Some(Snapshots::new(store, policy));
        self
    }

    /// Creates a new aggregate. It is stored by the first save. That save fails with a conflict if the stream exists
    /// already.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # use eventsource::aggregate::*;
    /// # #[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct Deposited { amount: u64 }
    /// # #[derive(Default, serde::Serialize, serde::Deserialize)]
    /// # struct Account { balance: u64 }
    /// # #[aggregate]
    /// # impl Account { #[applies(Deposited)] fn add(&mut self, event: &Deposited) { self.balance += event.amount } }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new());
    /// let account = accounts.create_new(uuid::Uuid::now_v7());
    /// assert_eq!((account.version(), account.balance), (0, 0));
    /// # });
    /// # }
    /// ```
    #[must_use]
    pub fn create_new(&self, id: Uuid) -> AggregateRoot<A> {
        AggregateRoot::new(id)
    }
}

impl<A> Clone for AggregateRepository<A> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            notifier: Arc::clone(&self.notifier),
            snapshots: self.snapshots.clone(),
            turns: Arc::clone(&self.turns),
            chance: Arc::clone(&self.chance),
            aggregate: PhantomData,
        }
    }
}

impl<A: Aggregate> fmt::Debug for AggregateRepository<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AggregateRepository").field("aggregate", &A::TYPE).finish_non_exhaustive()
    }
}
