//! Why a snapshot was not saved.

use crate::event::{StreamId, Unstorable};
use crate::store::StoreError;

/// Why a snapshot was not saved by hand: see [`AggregateRepository::save_snapshot`](crate::AggregateRepository::save_snapshot).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The repository has no store of snapshots.
    #[error("the repository has no snapshots: give it a store of them with `AggregateRepository::with_snapshots`")]
    NoStore,
    /// The aggregate has events that are not saved.
    #[error("{stream} has {events} events that are not saved: save it before its snapshot")]
    Uncommitted {
        /// Its stream.
        stream: StreamId,
        /// How many events are not saved.
        events: usize,
    },
    /// The state has a value that could not be read back.
    #[error("the state of {stream} cannot be stored: {value}")]
    Unstorable {
        /// Its stream.
        stream: StreamId,
        /// Which value it is, and why it cannot be stored.
        value: Unstorable,
    },
    /// The store of snapshots failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
