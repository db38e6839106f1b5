//! The trait of stores for snapshots.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::event::StreamId;
use crate::store::StoreError;

/// A stored snapshot: the state of an aggregate at one of its versions.
///
/// ```
/// use eventsource::StreamId;
/// use eventsource::aggregate::AggregateSnapshot;
/// use uuid::Uuid;
///
/// let stream = StreamId::new("Account", Uuid::now_v7());
/// let snapshot = AggregateSnapshot::new(stream, 100, Uuid::now_v7(), "shape", r#"{"balance":7}"#);
/// assert_eq!(snapshot.version, 100);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AggregateSnapshot {
    /// The stream of the aggregate.
    pub stream: StreamId,
    /// The version of the last event in the state.
    pub version: u64,
    /// The id of that event. If the stream has another event with this version, the snapshot does not belong to the
    /// stream.
    pub event_id: Uuid,
    /// The shape of the state, as a short text. A state of another shape is not decoded.
    pub shape: String,
    /// The state as JSON.
    pub state: String,
}

impl AggregateSnapshot {
    /// Creates a snapshot of `stream` after the event with this version and id.
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

/// A store for snapshots of aggregates. It keeps one snapshot for each stream and shape.
///
/// A snapshot only saves time. If a store loses or refuses one, the stream is replayed. See
/// [`SnapshotPolicy`](super::SnapshotPolicy) for an example.
///
/// # Rules for implementations
/// * [`load`](Self::load) returns each snapshot as [`save`](Self::save) got it.
/// * An older snapshot never replaces a newer one of the same shape, even if both are saved at the same time.
/// * Snapshots of different shapes do not replace each other. So two versions of a program can run side by side.
///
/// The suite `snapshot_store_contract!` (feature `testing`) checks these rules.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::StreamId;
/// use eventsource::aggregate::{AggregateSnapshot, MemorySnapshots, SnapshotStore};
/// use uuid::Uuid;
///
/// let (store, stream) = (MemorySnapshots::new(), StreamId::new("Account", Uuid::now_v7()));
/// let snapshot = AggregateSnapshot::new(stream.clone(), 100, Uuid::now_v7(), "shape", r#"{"balance":7}"#);
/// assert!(store.save(&snapshot).await?);
/// assert_eq!(store.load(&stream, "shape").await?, Some(snapshot));
/// # Ok::<(), eventsource::StoreError>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait SnapshotStore: Send + Sync + 'static {
    /// Returns the snapshot of `stream` with this shape.
    ///
    /// If there is none, returns the newest one of another shape, so that the caller can see that the shape has
    /// changed. If there is no snapshot at all, returns `None`.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails. The repository then replays the stream.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::StreamId;
    /// use eventsource::aggregate::{MemorySnapshots, SnapshotStore};
    ///
    /// let stream = StreamId::new("Account", uuid::Uuid::now_v7());
    /// assert_eq!(MemorySnapshots::new().load(&stream, "shape").await?, None);
    /// # Ok::<(), eventsource::StoreError>(())
    /// # }).unwrap();
    /// ```
    async fn load(&self, stream: &StreamId, shape: &str) -> Result<Option<AggregateSnapshot>, StoreError>;

    /// Stores `snapshot`, unless a snapshot of the same stream and shape has a higher version. Returns whether it was
    /// stored.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails. The repository then logs a warning.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::StreamId;
    /// # use eventsource::aggregate::{AggregateSnapshot, MemorySnapshots, SnapshotStore};
    /// # use uuid::Uuid;
    /// let (store, stream) = (MemorySnapshots::new(), StreamId::new("Account", Uuid::now_v7()));
    /// let at = |version| AggregateSnapshot::new(stream.clone(), version, Uuid::now_v7(), "shape", "{}");
    /// assert!(store.save(&at(200)).await?);
    /// assert!(!store.save(&at(100)).await?, "a newer one is stored");
    /// # Ok::<(), eventsource::StoreError>(())
    /// # }).unwrap();
    /// ```
    async fn save(&self, snapshot: &AggregateSnapshot) -> Result<bool, StoreError>;

    /// Deletes `snapshot`, if it is still the snapshot of its stream and shape. The repository calls it if the stream
    /// does not have the event of the snapshot.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails. The repository then logs it, and continues.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::StreamId;
    /// # use eventsource::aggregate::{AggregateSnapshot, MemorySnapshots, SnapshotStore};
    /// # use uuid::Uuid;
    /// # let (store, stream) = (MemorySnapshots::new(), StreamId::new("Account", Uuid::now_v7()));
    /// let snapshot = AggregateSnapshot::new(stream.clone(), 100, Uuid::now_v7(), "shape", "{}");
    /// store.save(&snapshot).await?;
    /// store.discard(&snapshot).await?;
    /// assert_eq!(store.load(&stream, "shape").await?, None);
    /// # Ok::<(), eventsource::StoreError>(())
    /// # }).unwrap();
    /// ```
    async fn discard(&self, snapshot: &AggregateSnapshot) -> Result<(), StoreError>;

    /// Deletes all snapshots of `stream`, of any shape. Returns their number.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails. It can be retried.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::StreamId;
    /// # use eventsource::aggregate::{AggregateSnapshot, MemorySnapshots, SnapshotStore};
    /// # use uuid::Uuid;
    /// # let (store, stream) = (MemorySnapshots::new(), StreamId::new("Account", Uuid::now_v7()));
    /// for shape in ["old shape", "new shape"] {
    ///     store.save(&AggregateSnapshot::new(stream.clone(), 100, Uuid::now_v7(), shape, "{}")).await?;
    /// }
    /// assert_eq!(store.delete(&stream).await?, 2);
    /// # Ok::<(), eventsource::StoreError>(())
    /// # }).unwrap();
    /// ```
    async fn delete(&self, stream: &StreamId) -> Result<u64, StoreError>;

    /// Deletes all snapshots of aggregates of this type, of any shape. Returns their number.
    ///
    /// It is safe at any time. Use it to remove the snapshots of old versions of the program.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails. It can be retried.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// use eventsource::aggregate::{MemorySnapshots, SnapshotStore};
    ///
    /// assert_eq!(MemorySnapshots::new().delete_all("Account").await?, 0);
    /// # Ok::<(), eventsource::StoreError>(())
    /// # }).unwrap();
    /// ```
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
