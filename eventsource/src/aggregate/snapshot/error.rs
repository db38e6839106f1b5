//! Errors of saving snapshots.

use crate::event::{StreamId, Unstorable};
use crate::store::StoreError;

/// A snapshot was not saved. [`AggregateRepository::save_snapshot`](crate::AggregateRepository::save_snapshot) returns
/// it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The repository has no store for snapshots.
    #[error("the repository has no store for snapshots: add one with `AggregateRepository::with_snapshots`")]
    NoStore,
    /// The aggregate has events that are not saved.
    #[error("{stream} has {events} events that are not saved: save the aggregate before its snapshot")]
    Uncommitted {
        /// The stream of the aggregate.
        stream: StreamId,
        /// The number of events that are not saved.
        events: usize,
    },
    /// The state has a value that would not be read back equal.
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
