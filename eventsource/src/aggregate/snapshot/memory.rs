//! Snapshots in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{AggregateSnapshot, SnapshotStore};
use crate::event::StreamId;
use crate::store::StoreError;

/// A store of snapshots in memory. A clone is the same store. The snapshots are lost with the last clone.
///
/// See [`SnapshotPolicy`](super::SnapshotPolicy) for an example.
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
/// assert_eq!(store.delete(&stream).await?, 1);
/// # Ok::<(), eventsource::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemorySnapshots(Arc<Mutex<Shapes>>);

/// The snapshots of each stream, by their shapes.
type Shapes = HashMap<StreamId, BTreeMap<String, AggregateSnapshot>>;

impl MemorySnapshots {
    /// Creates an empty store.
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
    /// let accounts = AggregateRepository::<Account>::new(MemoryEventStore::new(), MemoryEventBus::new())
    ///     .with_snapshots(MemorySnapshots::new(), SnapshotPolicy::every(100));
    /// # }
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn shapes(&self) -> MutexGuard<'_, Shapes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SnapshotStore for MemorySnapshots {
    async fn load(&self, stream: &StreamId, shape: &str) -> Result<Option<AggregateSnapshot>, StoreError> {
        let shapes = self.shapes();
        let Some(snapshots) = shapes.get(stream) else { return Ok(None) };
        let newest = || snapshots.values().max_by_key(|snapshot| snapshot.version);
        Ok(snapshots.get(shape).or_else(newest).cloned())
    }

    async fn save(&self, snapshot: &AggregateSnapshot) -> Result<bool, StoreError> {
        let mut shapes = self.shapes();
        let snapshots = shapes.entry(snapshot.stream.clone()).or_default();
        if snapshots.get(&snapshot.shape).is_some_and(|stored| stored.version > snapshot.version) {
            return Ok(false);
        }
        snapshots.insert(snapshot.shape.clone(), snapshot.clone());
        Ok(true)
    }

    async fn discard(&self, snapshot: &AggregateSnapshot) -> Result<(), StoreError> {
        if let Some(snapshots) = self.shapes().get_mut(&snapshot.stream)
            && let Some(stored) = snapshots.get(&snapshot.shape)
            && (stored.version, stored.event_id) == (snapshot.version, snapshot.event_id)
        {
            snapshots.remove(&snapshot.shape);
        }
        Ok(())
    }

    async fn delete(&self, stream: &StreamId) -> Result<u64, StoreError> {
        Ok(self.shapes().remove(stream).map_or(0, |snapshots| snapshots.len() as u64))
    }

    async fn delete_all(&self, aggregate_type: &str) -> Result<u64, StoreError> {
        let mut deleted = 0;
        self.shapes().retain(|stream, snapshots| {
            let stays = stream.aggregate_type() != aggregate_type;
            deleted += if stays { 0 } else { snapshots.len() as u64 };
            stays
        });
        Ok(deleted)
    }
}
