//! The contract of aggregate snapshot stores.

use std::sync::Arc;

use uuid::Uuid;

use super::events::order;
use super::listed::{dispatch, names};
use super::violation::{ensure, ensure_eq};
use super::{Verdict, Violation};
use crate::aggregate::{AggregateSnapshot, SnapshotStore};
use crate::event::StreamId;

/// Passes the cases of the snapshot store's contract to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __snapshot_store_cases {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! { {$($with)*}
            a_snapshot_comes_back_equal
            an_older_snapshot_never_replaces_a_newer_one
            snapshots_saved_at_the_same_time_leave_the_newest
            shapes_do_not_replace_each_other
            a_snapshot_is_discarded_unless_it_was_replaced
            snapshots_are_deleted_by_stream_and_by_type
        }
    };
}

/// The names of the cases of the snapshot store's contract, for [`run_on_snapshots`].
///
/// ```
/// use eventsource::testing::contract::SNAPSHOT_CASES;
///
/// assert!(SNAPSHOT_CASES.contains(&"snapshots_are_deleted_by_stream_and_by_type"));
/// ```
pub const SNAPSHOT_CASES: &[&str] = crate::__snapshot_store_cases!([names]);

/// A fresh snapshot store, alone or with a value that must outlive it: `(store, directory)`.
///
/// ```
/// use eventsource::aggregate::MemorySnapshots;
/// use eventsource::testing::contract::SnapshotStoreFixture;
///
/// let store = MemorySnapshots::new().store();
/// # let _ = store;
/// ```
pub trait SnapshotStoreFixture: Send + Sync {
    /// Returns the store, as another task would have it.
    fn store(&self) -> Arc<dyn SnapshotStore>;
}

impl<S: SnapshotStore + Clone> SnapshotStoreFixture for S {
    fn store(&self) -> Arc<dyn SnapshotStore> {
        Arc::new(self.clone())
    }
}

impl<S: SnapshotStore + Clone, K: Send + Sync> SnapshotStoreFixture for (S, K) {
    fn store(&self) -> Arc<dyn SnapshotStore> {
        Arc::new(self.0.clone())
    }
}

/// Runs the case `name` of the snapshot store's contract on a fresh, empty store.
/// [`snapshot_store_contract!`](crate::snapshot_store_contract) creates a test for each case.
///
/// ```
/// use eventsource::aggregate::MemorySnapshots;
/// use eventsource::testing::contract::{SNAPSHOT_CASES, run_on_snapshots};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// run_on_snapshots(SNAPSHOT_CASES[0], &MemorySnapshots::new()).await.unwrap();
/// # });
/// ```
///
/// # Errors
/// [`Violation`] if the store breaks the contract, or there is no such case.
pub async fn run_on_snapshots<F: SnapshotStoreFixture>(name: &str, fixture: &F) -> Result<(), Violation> {
    let store = fixture.store();
    crate::__snapshot_store_cases!([dispatch] name store)
}

type Store = Arc<dyn SnapshotStore>;

fn snapshot(stream: &StreamId, version: u64, shape: &str) -> AggregateSnapshot {
    let state = format!(r#"{{"version":{version},"text":"\\u0000 \" ' é","nested":[null,1.5,{{}}]}}"#);
    AggregateSnapshot::new(stream.clone(), version, Uuid::now_v7(), shape, state)
}

async fn a_snapshot_comes_back_equal(store: Store) -> Verdict {
    let stream = order();
    ensure_eq!(store.load(&stream, "a").await?, None, "a snapshot that was never saved");
    let large =
        AggregateSnapshot { state: format!("\"{}\"", "x".repeat(300_000)), ..snapshot(&stream, 1_000_000, "a") };
    for snapshot in [snapshot(&stream, 1, "a"), snapshot(&stream, 2, "a"), large] {
        ensure!(store.save(&snapshot).await?, "the first or a newer snapshot was not saved");
        ensure_eq!(store.load(&stream, "a").await?, Some(snapshot), "the snapshot that was saved");
    }
    let namesake = StreamId::new("Customer", stream.aggregate_id());
    ensure_eq!(store.load(&namesake, "a").await?, None, "the snapshot of another type with the same id");
    ensure_eq!(store.load(&order(), "a").await?, None, "the snapshot of another aggregate");
    Ok(())
}

async fn an_older_snapshot_never_replaces_a_newer_one(store: Store) -> Verdict {
    let stream = order();
    let newest = snapshot(&stream, 10, "a");
    ensure!(store.save(&newest).await?, "the first snapshot was not saved");
    for older in [1, 9] {
        ensure!(!store.save(&snapshot(&stream, older, "a")).await?, "version {older} was saved after version 10");
        ensure_eq!(store.load(&stream, "a").await?.as_ref(), Some(&newest), "the snapshot after an older one");
    }
    // After the log was restored, the stream may have another event at the same version.
    let other = snapshot(&stream, 10, "a");
    ensure!(store.save(&other).await?, "a snapshot of the same version was not saved");
    ensure_eq!(store.load(&stream, "a").await?, Some(other), "the snapshot of the same version");
    Ok(())
}

async fn snapshots_saved_at_the_same_time_leave_the_newest(store: Store) -> Verdict {
    let stream = order();
    // In neither ascending nor descending order.
    let saves = (1..=20_u64).map(|n| {
        let (store, snapshot) = (Arc::clone(&store), snapshot(&stream, n * 7 % 20 + 1, "a"));
        tokio::spawn(async move { store.save(&snapshot).await })
    });
    for save in saves.collect::<Vec<_>>() {
        save.await??;
    }
    ensure_eq!(store.load(&stream, "a").await?.map(|stored| stored.version), Some(20), "the version that is left");
    Ok(())
}

async fn shapes_do_not_replace_each_other(store: Store) -> Verdict {
    let stream = order();
    let (old, new) = (snapshot(&stream, 10, "old"), snapshot(&stream, 5, "new"));
    store.save(&old).await?;
    ensure_eq!(store.load(&stream, "new").await?.as_ref(), Some(&old), "the only snapshot, loaded for another shape");
    ensure!(store.save(&new).await?, "the first snapshot of a shape was not saved, because another shape is newer");
    ensure_eq!(store.load(&stream, "new").await?.as_ref(), Some(&new), "the snapshot of one shape");
    ensure_eq!(store.load(&stream, "old").await?.as_ref(), Some(&old), "the snapshot of the other shape");
    ensure_eq!(store.load(&stream, "third").await?.as_ref(), Some(&old), "the newest snapshot of any shape");
    Ok(())
}

async fn a_snapshot_is_discarded_unless_it_was_replaced(store: Store) -> Verdict {
    let stream = order();
    let (first, other) = (snapshot(&stream, 10, "a"), snapshot(&stream, 3, "b"));
    store.save(&first).await?;
    store.save(&other).await?;
    let second = snapshot(&stream, 10, "a");
    store.save(&second).await?;
    store.discard(&first).await?;
    ensure_eq!(
        store.load(&stream, "a").await?.as_ref(),
        Some(&second),
        "a snapshot that has replaced the discarded one"
    );
    store.discard(&second).await?;
    store.discard(&second).await?;
    ensure_eq!(store.load(&stream, "a").await?.as_ref(), Some(&other), "the snapshot after one shape was discarded");
    ensure!(store.save(&snapshot(&stream, 1, "a")).await?, "a snapshot was not saved after a newer one was discarded");
    Ok(())
}

async fn snapshots_are_deleted_by_stream_and_by_type(store: Store) -> Verdict {
    let (one, two) = (order(), order());
    let customer = StreamId::new("Customer", one.aggregate_id());
    for stream in [&one, &two, &customer] {
        store.save(&snapshot(stream, 1, "a")).await?;
        store.save(&snapshot(stream, 2, "b")).await?;
    }
    ensure_eq!(store.delete(&one).await?, 2, "how many snapshots of a stream were deleted");
    ensure_eq!(store.load(&one, "a").await?, None, "a snapshot of a stream whose snapshots were deleted");
    ensure!(store.load(&two, "a").await?.is_some(), "the snapshot of another stream was deleted");
    ensure_eq!(store.delete_all("Order").await?, 2, "how many snapshots of a type were deleted");
    ensure_eq!(store.load(&two, "b").await?, None, "a snapshot of a type whose snapshots were deleted");
    ensure!(store.load(&customer, "a").await?.is_some(), "the snapshot of another type was deleted");
    ensure_eq!(store.delete_all("Unknown").await?, 0, "how many snapshots of an unknown type were deleted");
    Ok(())
}
