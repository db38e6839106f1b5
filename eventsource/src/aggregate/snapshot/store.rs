//! Where snapshots are kept.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::event::StreamId;
use crate::store::StoreError;

/// The state of an aggregate at one of its versions, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AggregateSnapshot {
    /// The stream of the aggregate.
    pub stream: StreamId,
    /// The version of the last event that is in the state.
    pub version: u64,
    /// The id of that event. A stream that has another event at this version is not the one that the snapshot is of.
    pub event_id: Uuid,
    /// The shape of the state, as a short text: a state of another shape is not decoded.
    pub shape: String,
    /// The state, as JSON.
    pub state: String,
}

impl AggregateSnapshot {
    /// The state of `stream` after the event with this version and id.
    #[must_use]
    pub fn new(
        stream: StreamId,
        version: u64,
        event_id: Uuid,
        shape: impl Into<String>,
        state: impl Into<String>,
    ) -> Self {
        Self { stream, version, event_id, shape: shape.into(), state: state.into() }
    }
}

/// Where snapshots of aggregates are kept: one a stream and shape.
///
/// A snapshot saves reading, and is never needed: what a store loses or refuses costs a replay of the stream.
///
/// # Contract
/// * What [`save`](Self::save) accepted, [`load`](Self::load) returns equal.
/// * An older snapshot never replaces a newer one of the same shape, also where both are saved at the same time.
/// * Snapshots of different shapes do not replace each other, so that two versions of a program can work side by side.
///
/// The suite [`snapshot_store_contract!`](crate::snapshot_store_contract) (feature `testing`) holds a store to it.
#[async_trait]
pub trait SnapshotStore: Send + Sync + 'static {
    /// Returns the snapshot of `stream` with this shape; where there is none, the newest one of another shape, by which
    /// the caller can tell that the shape has changed; `None` where there is none at all.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    async fn load(&self, stream: &StreamId, shape: &str) -> Result<Option<AggregateSnapshot>, StoreError>;

    /// Stores `snapshot`, unless there is one of the same stream and shape with a higher version. Returns whether it is
    /// stored.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    async fn save(&self, snapshot: &AggregateSnapshot) -> Result<bool, StoreError>;

    /// Deletes `snapshot`, if it is still the one of its stream and shape: its stream does not have its event.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    async fn discard(&self, snapshot: &AggregateSnapshot) -> Result<(), StoreError>;

    /// Deletes all snapshots of `stream`, of any shape, and returns how many there were.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    async fn delete(&self, stream: &StreamId) -> Result<u64, StoreError>;

    /// Deletes all snapshots of aggregates of this type, of any shape, and returns how many there were. It is safe at any
    /// time, such as for the shapes of versions of the program that no longer run.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    async fn delete_all(&self, aggregate_type: &str) -> Result<u64, StoreError>;
}

#[async_trait]
impl<S: SnapshotStore + ?Sized> SnapshotStore for Arc<S> {
    async fn load(&self, stream: &StreamId, shape: &str) -> Result<Option<AggregateSnapshot>, StoreError> {
        (**self).load(stream, shape).await
    }

    async fn save(&self, snapshot: &AggregateSnapshot) -> Result<bool, StoreError> {
        (**self).save(snapshot).await
    }

    async fn discard(&self, snapshot: &AggregateSnapshot) -> Result<(), StoreError> {
        (**self).discard(snapshot).await
    }

    async fn delete(&self, stream: &StreamId) -> Result<u64, StoreError> {
        (**self).delete(stream).await
    }

    async fn delete_all(&self, aggregate_type: &str) -> Result<u64, StoreError> {
        (**self).delete_all(aggregate_type).await
    }
}
