//! Saves several aggregates of any types in one transaction.

use std::fmt;
use std::sync::Arc;

use super::publish::publish;
use super::{Aggregate, AggregateError, AggregateRoot, Saved};
use crate::bus::Notifier;
use crate::event::{EncodeError, Metadata, StreamId};
use crate::store::{Appended, EventStore, StreamAppend};

/// Saves the uncommitted events of several aggregates, of any types, in one transaction.
/// [`AggregateRepository::batch`](super::AggregateRepository::batch) creates it.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::prelude::*;
/// use eventsource::{AggregateRepository, aggregate};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Account")]
/// struct Deposited { amount: u64 }
///
/// #[derive(Default)]
/// struct Account { balance: u64 }
///
/// #[aggregate]
/// impl Account {
///     #[applies(Deposited)]
///     fn deposited(&mut self, event: &Deposited) { self.balance += event.amount }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new());
/// let [mut one, mut other] = [uuid::Uuid::now_v7(), uuid::Uuid::now_v7()].map(|id| accounts.create_new(id));
/// one.record(Deposited { amount: 5 });
/// other.record(Deposited { amount: 7 });
/// let saved = accounts.batch().with(&mut one).with(&mut other).save().await?;
/// assert_eq!((saved[0].version, saved[1].version), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// # }
/// ```
#[must_use = "nothing is saved before `save` is awaited"]
pub struct SaveBatch<'a> {
    store: Arc<dyn EventStore>,
    notifier: Arc<dyn Notifier>,
    metadata: Metadata,
    roots: Vec<&'a mut dyn AnyRoot>,
}

/// An [`AggregateRoot`] of any type.
trait AnyRoot: Send + Sync {
    fn append(&self, metadata: &Metadata) -> Result<StreamAppend, EncodeError>;
    fn committed(&mut self, appended: &Appended);
    fn saved(&self) -> Saved;
    fn stream(&self) -> StreamId;
}

impl<A: Aggregate> AnyRoot for AggregateRoot<A> {
    fn append(&self, metadata: &Metadata) -> Result<StreamAppend, EncodeError> {
        Ok(StreamAppend::new(self.stream(), self.expected(), self.new_events(metadata, None)?))
    }

    fn committed(&mut self, appended: &Appended) {
        self.committed(appended);
    }

    fn saved(&self) -> Saved {
        self.saved()
    }

    fn stream(&self) -> StreamId {
        self.stream()
    }
}

impl<'a> SaveBatch<'a> {
    pub(super) fn new(store: Arc<dyn EventStore>, notifier: Arc<dyn Notifier>) -> Self {
        Self { store, notifier, metadata: Metadata::new(), roots: Vec::new() }
    }

    /// Adds an aggregate. Its events are stored with the events of the other aggregates of the batch. See [`SaveBatch`]
    /// for an example.
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
    /// let [mut one, mut other] = [uuid::Uuid::now_v7(), uuid::Uuid::now_v7()].map(|id| accounts.create_new(id));
    /// one.record(Deposited { amount: 5 });
    /// other.record(Deposited { amount: 7 });
    /// assert_eq!(accounts.batch().with(&mut one).with(&mut other).save().await?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub fn with<A: Aggregate>(mut self, root: &'a mut AggregateRoot<A>) -> Self {
        self.roots.push(root);
        self
    }

    /// Sets the metadata of each event; empty by default.
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
    /// let mut account = accounts.create_new(uuid::Uuid::now_v7());
    /// account.record(Deposited { amount: 5 });
    /// accounts.batch().with(&mut account).metadata(Metadata::new().actor("alice")).save().await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Stores the uncommitted events of all aggregates in one transaction, and publishes them.
    ///
    /// Returns the results in the order in which the aggregates were added. An aggregate without uncommitted events
    /// does not change. No snapshots are taken: a later save by a repository with snapshots takes them.
    ///
    /// # Errors
    /// After an error, nothing is stored, and all aggregates still have their uncommitted events.
    ///
    /// - The errors of [`AggregateRepository::save_with`](super::AggregateRepository::save_with).
    /// - [`AppendError::StreamTwice`](crate::AppendError::StreamTwice) if an aggregate was added twice.
    /// - [`StoreError::Unsupported`](crate::StoreError::Unsupported) if several aggregates have events and the store
    ///   does not support such transactions.
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
    /// let [mut one, mut other] = [uuid::Uuid::now_v7(), uuid::Uuid::now_v7()].map(|id| accounts.create_new(id));
    /// one.record(Deposited { amount: 5 });
    /// let saved = accounts.batch().with(&mut one).with(&mut other).save().await?;
    /// // `other` has no events, so nothing of it was stored.
    /// assert_eq!((saved[0].version, saved[1].version), (1, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub async fn save(self) -> Result<Vec<Saved>, AggregateError> {
        let Self { store, notifier, metadata, mut roots } = self;
        let appends = roots.iter().map(|root| root.append(&metadata)).collect::<Result<Vec<_>, _>>()?;
        let with_events: Vec<_> = appends.iter().map(|append| !append.events.is_empty()).collect();
        let appends: Vec<_> = appends.into_iter().filter(|append| !append.events.is_empty()).collect();
        let mut appended = store.append_all(appends).await?.into_iter();
        let mut stored = Vec::with_capacity(roots.len());
        for (root, has_events) in roots.iter_mut().zip(with_events) {
            let events = if has_events { appended.next() } else { None };
            if let Some(events) = &events {
                root.committed(events);
            }
            stored.push(events);
        }
        let mut saved = Vec::with_capacity(roots.len());
        for (root, events) in roots.iter().zip(stored) {
            let publish_error = match &events {
                Some(events) => publish(&*notifier, &root.stream(), events).await,
                None => None,
            };
            let log = events.map(|events| events.log());
            saved.push(Saved { log, publish_error, ..root.saved() });
        }
        Ok(saved)
    }
}

impl fmt::Debug for SaveBatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let streams: Vec<_> = self.roots.iter().map(|root| root.stream()).collect();
        f.debug_struct("SaveBatch").field("streams", &streams).field("metadata", &self.metadata).finish_non_exhaustive()
    }
}
