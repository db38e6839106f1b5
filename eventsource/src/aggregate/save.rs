//! Saves aggregates: one, or several in one transaction.

use super::{Aggregate, AggregateError, AggregateRepository, AggregateRoot, SaveBatch, Saved, SnapshotError};
use crate::bus::{BusError, Notifier};
use crate::event::{Metadata, StreamId};
use crate::store::Appended;

impl<A: Aggregate> AggregateRepository<A> {
    /// Stores the uncommitted events of `root`, without metadata. See [`save_with`](Self::save_with).
    ///
    /// # Errors
    /// As [`save_with`](Self::save_with).
    pub async fn save(&self, root: &mut AggregateRoot<A>) -> Result<Saved, AggregateError> {
        self.save_with(root, &Metadata::new()).await
    }

    /// Stores the uncommitted events of `root`, each with `metadata`, and publishes them. With none, nothing happens.
    ///
    /// Once the events are stored the save has succeeded: a bus that fails is reported in
    /// [`Saved::publish_error`] and by a warning. A save does not wait for subscribers of the bus.
    ///
    /// # Errors
    /// [`AggregateError::Append`] with a conflict where another writer wrote since `root` was loaded; others where the
    /// store fails or an event cannot be encoded. `root` keeps its uncommitted events.
    pub async fn save_with(&self, root: &mut AggregateRoot<A>, metadata: &Metadata) -> Result<Saved, AggregateError> {
        let events = root.new_events(metadata, None)?;
        let mut publish_error = None;
        if !events.is_empty() {
            let appended = self.store.append(&root.stream(), root.expected(), events).await?;
            publish_error = self.committed(root, &appended).await;
        }
        Ok(Saved { publish_error, ..root.saved() })
    }

    /// Stores the uncommitted events of all `roots` in one transaction: all of them, or none. Returns what was saved, in
    /// their order. See [`batch`](Self::batch) for aggregates of different types.
    ///
    /// # Errors
    /// As [`SaveBatch::save`].
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

    /// Saves a snapshot of `root` now, whatever the policy. Returns whether it is stored: not where a newer one is, nor of
    /// an aggregate without events.
    ///
    /// # Errors
    /// [`SnapshotError::NoStore`] without [`with_snapshots`](Self::with_snapshots), [`SnapshotError::Uncommitted`] where
    /// `root` has events that are not saved, [`SnapshotError::Unstorable`] where the state would not be read back equal,
    /// [`SnapshotError::Store`] where the store of snapshots fails.
    pub async fn save_snapshot(&self, root: &AggregateRoot<A>) -> Result<bool, SnapshotError> {
        let snapshots = self.snapshots.as_ref().ok_or(SnapshotError::NoStore)?;
        match snapshots.of(root)? {
            Some(snapshot) => Ok(snapshots.save(&snapshot).await?),
            None => Ok(false),
        }
    }

    /// Returns an empty batch, to which aggregates of any type are added, and which is then saved in one transaction of
    /// this repository's store.
    pub fn batch<'a>(&self) -> SaveBatch<'a> {
        SaveBatch::new(self.store.clone(), self.notifier.clone())
    }

    /// Takes note of events that are stored, publishes them, and saves the snapshot that is due.
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

/// Tells `notifier` of what is stored. One that fails is warned of.
pub(super) async fn publish(notifier: &dyn Notifier, stream: &StreamId, appended: &Appended) -> Option<BusError> {
    let error = notifier.notify(appended.events()).await.err()?;
    tracing::warn!(%stream, %error, "events were stored but not published");
    Some(error)
}
