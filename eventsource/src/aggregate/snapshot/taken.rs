//! Takes and uses snapshots. A snapshot that cannot be used or saved causes a warning and a replay, and never an error.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{AggregateSnapshot, SnapshotError, SnapshotPolicy, SnapshotStore};
use crate::aggregate::{Aggregate, AggregateRoot};
use crate::causes::WithCauses;
use crate::event::{Shape, StreamId, Unstorable, json};
use crate::store::StoreError;

/// The snapshots of a repository.
pub(in crate::aggregate) struct Snapshots<A> {
    store: Box<dyn SnapshotStore>,
    policy: SnapshotPolicy<A>,
    shape: String,
    encode: fn(&A) -> Result<String, Unstorable>,
    decode: fn(&str) -> Result<A, serde_json::Error>,
    /// Whether a snapshot of another shape was found before. There can be one for each aggregate, so the warning is
    /// logged once.
    has_other_shapes: AtomicBool,
}

impl<A: Aggregate> Snapshots<A> {
    pub(in crate::aggregate) fn new(store: impl SnapshotStore, policy: SnapshotPolicy<A>) -> Arc<Self>
    where
        A: Serialize + DeserializeOwned,
    {
        let fingerprint = Shape::of::<A>().fingerprint();
        Arc::new(Self {
            store: Box::new(store),
            shape: format!("{fingerprint:016x}.{}", policy.get_state_version()),
            policy,
            encode: |state| json::encode("state", state),
            decode: |state| serde_json::from_str(state),
            has_other_shapes: AtomicBool::new(false),
        })
    }

    /// Returns the newest usable snapshot and its state.
    pub(in crate::aggregate) async fn find(&self, stream: &StreamId) -> Option<(AggregateSnapshot, A)> {
        let snapshot = match self.store.load(stream, &self.shape).await {
            Ok(snapshot) => snapshot?,
            Err(error) => {
                let error = WithCauses(&error);
                tracing::warn!(%stream, %error, "the snapshot cannot be loaded; replaying the stream");
                return None;
            }
        };
        if snapshot.shape != self.shape {
            if !self.has_other_shapes.swap(true, Ordering::Relaxed) {
                let (found, wanted) = (&snapshot.shape, &self.shape);
                tracing::warn!(%stream, found, wanted, "the snapshot has another shape; replaying streams");
            }
            return None;
        }
        match (self.decode)(&snapshot.state) {
            Ok(state) => Some((snapshot, state)),
            Err(error) => {
                let version = snapshot.version;
                tracing::warn!(%stream, version, %error, "the snapshot cannot be decoded; replaying the stream");
                None
            }
        }
    }

    /// Discards `snapshot`, because the stream does not have its event. This happens after the log was restored from an
    /// older copy.
    pub(in crate::aggregate) async fn is_not_of_its_stream(&self, snapshot: &AggregateSnapshot) {
        let AggregateSnapshot { stream, version, event_id, .. } = snapshot;
        tracing::warn!(%stream, version, %event_id, "the stream lacks the event of the snapshot; replaying the stream");
        if let Err(error) = self.store.discard(snapshot).await {
            tracing::debug!(%stream, error = %WithCauses(&error), "the snapshot could not be discarded");
        }
    }

    /// Returns a snapshot of `root`, whose version was `before`, if the policy requires one. The state is encoded now,
    /// so later changes of the aggregate are not in it.
    pub(in crate::aggregate) fn due(&self, root: &AggregateRoot<A>, before: u64) -> Option<AggregateSnapshot> {
        if root.version() == before || !self.policy.is_due(root, before, root.version()) {
            return None;
        }
        match self.of(root) {
            Ok(snapshot) => snapshot,
            Err(error) => {
                tracing::warn!(error = %WithCauses(&error), "no snapshot was taken");
                None
            }
        }
    }

    /// Returns a snapshot of `root`; `None` if it has no events.
    pub(in crate::aggregate) fn of(&self, root: &AggregateRoot<A>) -> Result<Option<AggregateSnapshot>, SnapshotError> {
        let stream = root.stream();
        match (root.uncommitted().len(), root.last_event()) {
            (0, None) => Ok(None),
            (0, Some(event_id)) => match (self.encode)(root) {
                Ok(state) => Ok(Some(AggregateSnapshot::new(stream, root.version(), event_id, &*self.shape, state))),
                Err(value) => Err(SnapshotError::Unstorable { stream, value }),
            },
            (events, _) => Err(SnapshotError::Uncommitted { stream, events }),
        }
    }

    /// Saves a snapshot that is [`due`](Self::due). Logs a warning if that fails.
    pub(in crate::aggregate) async fn save_due(&self, snapshot: &AggregateSnapshot) {
        if let Err(error) = self.save(snapshot).await {
            let (stream, version) = (&snapshot.stream, snapshot.version);
            tracing::warn!(%stream, version, error = %WithCauses(&error), "the snapshot was not saved");
        }
    }

    pub(in crate::aggregate) async fn save(&self, snapshot: &AggregateSnapshot) -> Result<bool, StoreError> {
        self.store.save(snapshot).await
    }
}
