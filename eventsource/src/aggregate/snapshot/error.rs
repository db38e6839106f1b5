//! Errors of saving snapshots.

use crate::event::{StreamId, Unstorable};
use crate::store::StoreError;

/// A snapshot was not saved. [`AggregateRepository::save_snapshot`](crate::AggregateRepository::save_snapshot) returns
/// it.
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
/// use eventsource::aggregate::SnapshotError;
///
/// let account = accounts.create_new(uuid::Uuid::now_v7());
/// assert!(matches!(accounts.save_snapshot(&account).await, Err(SnapshotError::NoStore)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The repository has no store for snapshots. Add one with
    /// [`with_snapshots`](crate::AggregateRepository::with_snapshots).
    #[error("the repository has no store for snapshots: add one with `AggregateRepository::with_snapshots`")]
    NoStore,
    /// The aggregate has events that are not saved. Save it first.
    #[error("{stream} has events that are not saved ({events} of them): save the aggregate before its snapshot")]
    Uncommitted {
        /// The stream of the aggregate.
        stream: StreamId,
        /// The number of events that are not saved.
        events: usize,
    },
    /// The state has a value that would not be read back equal. Change the value, or the type of its field.
    #[error("the state of {stream} cannot be stored: {value}")]
    Unstorable {
        /// The stream of the aggregate.
        stream: StreamId,
        /// The path of the value, and why it cannot be stored.
        value: Unstorable,
    },
    /// The store of the snapshots failed. A retry may help.
    #[error(transparent)]
    Store(#[from] StoreError),
}
