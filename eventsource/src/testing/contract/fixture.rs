//! What a contract is run on.

use std::sync::Arc;

use crate::projection::CheckpointStore;
use crate::store::EventStore;

/// A fresh event store, alone or with something that has to outlive it, such as a temporary directory: `(store, directory)`.
pub trait EventStoreFixture {
    /// What has to outlive the store.
    type Kept;

    /// Both apart.
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

/// A fresh checkpoint store, alone or with something that has to outlive it.
pub trait CheckpointStoreFixture {
    /// The store.
    type Store: CheckpointStore;
    /// What has to outlive it.
    type Kept;

    /// Both apart.
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
