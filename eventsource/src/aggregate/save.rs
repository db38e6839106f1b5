//! Saves aggregates: one, or several in one transaction.

use super::publish::publish;
use super::{Aggregate, AggregateError, AggregateRepository, AggregateRoot, SaveBatch, Saved, SnapshotError};
use crate::bus::BusError;
use crate::event::Metadata;
use crate::store::Appended;

impl<A: Aggregate> AggregateRepository<A> {
    /// Stores the uncommitted events of `root` without metadata, and publishes them. See
    /// [`save_with`](Self::save_with).
    ///
    /// # Errors
    /// The errors of [`save_with`](Self::save_with).
    ///
    /// # Examples
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
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new());
    /// let mut account = accounts.create_new(uuid::Uuid::now_v7());
    /// account.record(Opened {});
    /// let saved = accounts.save(&mut account).await?;
    /// assert_eq!(saved.version, 1);
    /// assert!(account.uncommitted().is_empty());
    /// # Ok::<(), eventsource::AggregateError>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub async fn save(&self, root: &mut AggregateRoot<A>) -> Result<Saved, AggregateError> {
        self.save_with(root, &Metadata::new()).await
    }

    /// Stores the uncommitted events of `root`, each with `metadata`, and publishes them. Without uncommitted events,
    /// nothing happens.
    ///
    /// The save has succeeded when the events are stored. If the notifier then fails, the error is in
    /// [`Saved::publish_error`] and in a warning. A save does not wait for the subscribers of a bus.
    ///
    /// # Errors
    /// After an error, `root` still has its uncommitted events.
    ///
    /// - [`AggregateError::Append`] with a [conflict](crate::AppendError::Conflict) if another writer has appended
    ///   since `root` was loaded. Load again, decide again, save again; or use [`execute`](Self::execute).
    /// - [`AggregateError::Append`] with another error if the store refuses the events. A retry does not help, unless
    ///   the store has failed ([`AppendError::Store`](crate::AppendError::Store)).
    /// - [`AggregateError::Encode`] if an event cannot be stored. A retry does not help.
    ///
    /// # Examples
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
    /// let mut account = accounts.create_new(uuid::Uuid::now_v7());
    /// account.record(Deposited { amount: 5 });
    /// let metadata = Metadata::new().actor("alice").correlation_id(uuid::Uuid::now_v7());
    /// accounts.save_with(&mut account, &metadata).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub async fn save_with(&self, root: &mut AggregateRoot<A>, metadata: &Metadata) -> Result<Saved, AggregateError> {
        let events = root.new_events(metadata, None)?;
        let (mut log, mut publish_error) = (None, None);
        if !events.is_empty() {
            let appended = self.store.append(&root.stream(), root.expected(), events).await?;
            log = Some(appended.log());
            publish_error = self.committed(root, &appended).await;
        }
        Ok(Saved { log, publish_error, ..root.saved() })
    }

    /// Stores the uncommitted events of all `roots` in one transaction: all of them, or none.
    ///
    /// Returns the results in the order of `roots`. See [`batch`](Self::batch) for aggregates of different types.
    ///
    /// # Errors
    /// The errors of [`SaveBatch::save`].
    ///
    /// # Examples
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
    /// let mut both = [uuid::Uuid::now_v7(), uuid::Uuid::now_v7()].map(|id| accounts.create_new(id));
    /// for account in &mut both {
    ///     account.record(Deposited { amount: 5 });
    /// }
    /// assert_eq!(accounts.save_all(&mut both).await?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub async fn save_all<'a>(
        &self,
        roots: impl IntoIterator<Item = &'a mut AggregateRoot<A>> + Send,
    ) -> Result<Vec<Saved>, AggregateError> {
        let mut roots: Vec<_> = roots.into_iter().map(|root| (root.stored_version(), root)).collect();
        let batch = roots.iter_mut().fold(self.batch(), |batch, (_, root)| batch.with(root));
        let saved = batch.save().await?;
        if let Some(snapshots) = &self.snapshots {
            for (before, root) in roots {
                if let Some(snapshot) = snapshots.due(root, before) {
                    snapshots.save_due(&snapshot).await;
                }
            }
        }
        Ok(saved)
    }

    /// Saves a snapshot of `root` now, for any policy.
    ///
    /// Returns whether it was stored. It is not stored if a newer one exists, or if the aggregate has no events.
    ///
    /// # Errors
    /// - [`SnapshotError::NoStore`] if the repository has no [snapshots](Self::with_snapshots).
    /// - [`SnapshotError::Uncommitted`] if `root` has events that are not saved. Save it first.
    /// - [`SnapshotError::Unstorable`] if the state would not be read back equal. A retry does not help.
    /// - [`SnapshotError::Store`] if the store of the snapshots fails. It can be retried.
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
    /// let accounts = accounts.with_snapshots(MemorySnapshots::new(), SnapshotPolicy::by_hand());
    /// let mut account = accounts.create_new(uuid::Uuid::now_v7());
    /// account.record(Deposited { amount: 5 });
    /// accounts.save(&mut account).await?;
    /// assert!(accounts.save_snapshot(&account).await?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub async fn save_snapshot(&self, root: &AggregateRoot<A>) -> Result<bool, SnapshotError> {
        let snapshots = self.snapshots.as_ref().ok_or(SnapshotError::NoStore)?;
        match snapshots.of(root)? {
            Some(snapshot) => Ok(snapshots.save(&snapshot).await?),
            None => Ok(false),
        }
    }

    /// Creates an empty batch. Add aggregates of any type to it, and save them in one transaction of this repository's
    /// store.
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
    /// let saved = accounts.batch().with(&mut account).save().await?;
    /// assert_eq!(saved[0].version, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub fn batch<'a>(&self) -> SaveBatch<'a> {
        SaveBatch::new(self.store.clone(), self.notifier.clone())
    }

    /// Marks the events as stored, publishes them, and saves the snapshot if one is due.
    pub(super) async fn committed(&self, root: &mut AggregateRoot<A>, appended: &Appended) -> Option<BusError> {
        let before = root.stored_version();
        root.committed(appended);
        let due = self.snapshots.as_ref().and_then(|snapshots| Some((snapshots, snapshots.due(root, before)?)));
        let publish_error = publish(&*self.notifier, &root.stream(), appended).await;
        if let Some((snapshots, snapshot)) = due {
            snapshots.save_due(&snapshot).await;
        }
        publish_error
    }
}
