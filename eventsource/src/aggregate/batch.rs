//! Several aggregates, of any types, that are saved in one transaction.

use std::fmt;
use std::sync::Arc;

use super::save::publish;
use super::{Aggregate, AggregateError, AggregateRoot, Saved};
use crate::bus::Notifier;
use crate::event::{EncodeError, Metadata, StreamId};
use crate::store::{Appended, EventStore, StreamAppend};

/// Several aggregates, of any types, whose uncommitted events are saved in one transaction: see
/// [`AggregateRepository::batch`](super::AggregateRepository::batch).
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

/// A root of any type.
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

    /// Adds an aggregate.
    pub fn with<A: Aggregate>(mut self, root: &'a mut AggregateRoot<A>) -> Self {
        self.roots.push(root);
        self
    }

    /// Saves all events with this metadata, in place of none.
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Stores the uncommitted events of all aggregates in one transaction, and publishes them. Returns what was saved, in
    /// the order in which the aggregates were added; one without uncommitted events is left as it is.
    ///
    /// No snapshot is taken: the next save by a repository with snapshots takes it.
    ///
    /// # Errors
    /// As [`AggregateRepository::save_with`](super::AggregateRepository::save_with): then nothing is stored, and all
    /// aggregates keep their uncommitted events. [`AppendError::StreamTwice`](crate::AppendError::StreamTwice) where one
    /// aggregate was added twice, and [`StoreError::Unsupported`](crate::StoreError::Unsupported) where several aggregates
    /// have events and the store has no transactions.
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
            saved.push(Saved { publish_error, ..root.saved() });
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
