//! The fixtures on which the contracts run.

use std::sync::Arc;

use crate::projection::CheckpointStore;
use crate::store::EventStore;

/// A fresh event store, alone or with a value that must outlive it, such as a temporary directory:
/// `(store, directory)`.
///
/// ```
/// use eventsource::MemoryEventStore;
/// use eventsource::testing::contract::EventStoreFixture;
///
/// let directory = std::env::temp_dir();
/// let (store, directory) = (MemoryEventStore::new(), directory).split();
/// # let _ = (store, directory);
/// ```
pub trait EventStoreFixture {
    /// The type of the value that must outlive the store.
    type Kept;

    /// Returns the store and the value.
    fn split(self) -> (Arc<dyn EventStore>, Self::Kept);
}

impl<S: EventStore> EventStoreFixture for S {
    type Kept = ();

    fn split(self) -> (Arc<dyn EventStore>, ()) {
        (Arc::new(self), ())
    }
}

impl<S: EventStore, K> EventStoreFixture for (S, K) {
    type Kept = K;

    fn split(self) -> (Arc<dyn EventStore>, K) {
        (Arc::new(self.0), self.1)
    }
}

/// A fresh checkpoint store, alone or with a value that must outlive it: `(store, directory)`.
///
/// ```
/// use eventsource::MemoryCheckpoints;
/// use eventsource::testing::contract::CheckpointStoreFixture;
///
/// let (store, ()) = MemoryCheckpoints::new().split();
/// # let _ = store;
/// ```
pub trait CheckpointStoreFixture {
    /// The type of the store.
    type Store: CheckpointStore;
    /// The type of the value that must outlive the store.
    type Kept;

    /// Returns the store and the value.
    fn split(self) -> (Arc<Self::Store>, Self::Kept);
}

impl<C: CheckpointStore> CheckpointStoreFixture for C {
    type Store = C;
    type Kept = ();

    fn split(self) -> (Arc<C>, ()) {
        (Arc::new(self), ())
    }
}

impl<C: CheckpointStore, K> CheckpointStoreFixture for (C, K) {
    type Store = C;
    type Kept = K;

    fn split(self) -> (Arc<C>, K) {
        (Arc::new(self.0), self.1)
    }
}
