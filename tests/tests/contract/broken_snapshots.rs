//! Stores of snapshots of aggregates, each broken in one place: every case of their contract is failed by one of them.

use async_trait::async_trait;
use eventsource::aggregate::{AggregateSnapshot, MemorySnapshots, SnapshotStore};
use eventsource::testing::contract::{SNAPSHOT_CASES, run_on_snapshots};
use eventsource::{StoreError, StreamId};

use crate::killed::assert_each_case_is_killed;

/// What is broken in a store.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Broken {
    Nothing,
    /// A state is cut off after 1,000 bytes.
    State,
    /// An older snapshot replaces a newer one.
    Older,
    /// A stream has one snapshot, of any shape.
    Shapes,
    /// A discard takes the stored snapshot of the shape, whatever it is.
    Discard,
    /// A deletion of a type takes another type as well.
    Types,
    /// A stream keeps its snapshots.
    Delete,
}

const MUTANTS: &[(Broken, &str)] = &[
    (Broken::State, "a_snapshot_comes_back_equal"),
    (Broken::Older, "an_older_snapshot_never_replaces_a_newer_one"),
    (Broken::Older, "snapshots_saved_at_the_same_time_leave_the_newest"),
    (Broken::Shapes, "shapes_do_not_replace_each_other"),
    (Broken::Discard, "a_snapshot_is_discarded_unless_it_was_replaced"),
    (Broken::Types, "snapshots_are_deleted_by_stream_and_by_type"),
    (Broken::Delete, "snapshots_are_deleted_by_stream_and_by_type"),
];

#[derive(Clone)]
struct BrokenSnapshots(MemorySnapshots, Broken);

#[async_trait]
impl SnapshotStore for BrokenSnapshots {
    async fn load(&self, stream: &StreamId, shape: &str) -> Result<Option<AggregateSnapshot>, StoreError> {
        self.0.load(stream, shape).await
    }

    async fn save(&self, snapshot: &AggregateSnapshot) -> Result<bool, StoreError> {
        let mut snapshot = snapshot.clone();
        match self.1 {
            Broken::State => snapshot.state.truncate(1_000),
            Broken::Shapes => snapshot.shape = "any".into(),
            Broken::Older => {
                let stored = self.0.load(&snapshot.stream, &snapshot.shape).await?;
                if let Some(stored) = stored.filter(|stored| stored.shape == snapshot.shape) {
                    self.0.discard(&stored).await?;
                }
            }
            _ => {}
        }
        self.0.save(&snapshot).await
    }

    async fn discard(&self, snapshot: &AggregateSnapshot) -> Result<(), StoreError> {
        let stored = self.0.load(&snapshot.stream, &snapshot.shape).await?;
        let stored = stored.filter(|stored| self.1 == Broken::Discard && stored.shape == snapshot.shape);
        self.0.discard(stored.as_ref().unwrap_or(snapshot)).await
    }

    async fn delete(&self, stream: &StreamId) -> Result<u64, StoreError> {
        if self.1 == Broken::Delete { Ok(0) } else { self.0.delete(stream).await }
    }

    async fn delete_all(&self, aggregate_type: &str) -> Result<u64, StoreError> {
        let deleted = self.0.delete_all(aggregate_type).await?;
        let others = if self.1 == Broken::Types { self.0.delete_all("Customer").await? } else { 0 };
        Ok(deleted + others)
    }
}

#[tokio::test]
async fn each_case_of_snapshots_is_failed_by_a_broken_store() {
    let fails =
        async |case, broken| run_on_snapshots(case, &BrokenSnapshots(MemorySnapshots::new(), broken)).await.is_err();
    assert_each_case_is_killed(SNAPSHOT_CASES, Broken::Nothing, MUTANTS, fails).await;
}
