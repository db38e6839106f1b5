//! Snapshots: when they are taken, when they are used, and when the stream is replayed instead.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use eventsource::aggregate::{AggregateSnapshot, MemorySnapshots, SnapshotError, SnapshotPolicy, SnapshotStore};
use eventsource::prelude::*;
use eventsource::{StoreError, aggregate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::world::{Deposited, Snapshotting, Wallet, Wallets, deposit, on_every_snapshotting_backend, wallets};

on_every_snapshotting_backend! {
    snapshot_is_taken_when_a_multiple_is_passed
    snapshot_is_taken_by_predicate_and_by_hand
    load_replays_only_the_events_after_the_snapshot
    snapshot_leaves_out_what_happens_after_the_save
    snapshot_of_another_shape_is_not_used
    snapshot_beyond_its_stream_is_not_used
    snapshot_that_does_not_decode_is_not_used
    commands_and_batches_take_snapshots
}

fn with(backend: &impl Snapshotting, policy: SnapshotPolicy<Wallet>) -> Wallets {
    wallets(backend).with_snapshots(backend.snapshots(), policy)
}

fn stream(id: Uuid) -> StreamId {
    StreamId::new("Wallet", id)
}

/// The snapshot of the wallet, whatever its shape.
async fn snapshot(backend: &impl Snapshotting, id: Uuid) -> Option<AggregateSnapshot> {
    backend.snapshots().load(&stream(id), "").await.unwrap()
}

async fn version(backend: &impl Snapshotting, id: Uuid) -> Option<u64> {
    snapshot(backend, id).await.map(|snapshot| snapshot.version)
}

/// Puts a balance that no event explains, one of a million more, into the snapshot: a load that shows it has used the
/// snapshot.
async fn mark(backend: &impl Snapshotting, id: Uuid) {
    let mut snapshot = snapshot(backend, id).await.unwrap();
    let mut wallet: Wallet = serde_json::from_str(&snapshot.state).unwrap();
    wallet.balance += 1_000_000;
    snapshot.state = serde_json::to_string(&wallet).unwrap();
    assert!(backend.snapshots().save(&snapshot).await.unwrap());
}

async fn snapshot_is_taken_when_a_multiple_is_passed(backend: impl Snapshotting) {
    let wallets = with(&backend, SnapshotPolicy::every(5));
    // The sizes of the saves, and the version of the snapshot after each.
    for saves in [
        &[(1, None), (3, None), (1, Some(5)), (4, Some(5)), (1, Some(10))][..],
        &[(3, None), (3, Some(6)), (3, Some(6)), (3, Some(12)), (20, Some(32))],
        &[(7, Some(7)), (2, Some(7)), (1, Some(10))],
    ] {
        let id = Uuid::now_v7();
        for (size, expected) in saves {
            deposit(&wallets, id, &vec![1; *size]).await;
            assert_eq!(version(&backend, id).await, *expected, "{saves:?}");
        }
    }
    let each = with(&backend, SnapshotPolicy::every(0));
    let id = Uuid::now_v7();
    deposit(&each, id, &[1]).await;
    assert_eq!(version(&backend, id).await, Some(1));
}

async fn snapshot_is_taken_by_predicate_and_by_hand(backend: impl Snapshotting) {
    let rich = with(&backend, SnapshotPolicy::<Wallet>::when(|wallet| wallet.balance >= 10));
    let id = Uuid::now_v7();
    deposit(&rich, id, &[9]).await;
    assert_eq!(version(&backend, id).await, None);
    deposit(&rich, id, &[1, 1]).await;
    assert_eq!(version(&backend, id).await, Some(3));

    let by_hand = with(&backend, SnapshotPolicy::by_hand());
    let id = Uuid::now_v7();
    deposit(&by_hand, id, &[10; 200]).await;
    assert_eq!(version(&backend, id).await, None);
    let mut wallet = by_hand.load(id).await.unwrap();
    assert!(by_hand.save_snapshot(&wallet).await.unwrap());
    assert_eq!(version(&backend, id).await, Some(200));
    // Of the past: it does not replace the newer one.
    assert!(!by_hand.save_snapshot(&by_hand.load_at(id, 100).await.unwrap()).await.unwrap());
    assert_eq!(version(&backend, id).await, Some(200));
    wallet.record(Deposited { amount: 1 });
    let refused = by_hand.save_snapshot(&wallet).await;
    assert!(matches!(refused, Err(SnapshotError::Uncommitted { events: 1, .. })), "{refused:?}");
    let refused = crate::world::wallets(&backend).save_snapshot(&wallet).await;
    assert!(matches!(refused, Err(SnapshotError::NoStore)), "{refused:?}");
    assert!(!by_hand.save_snapshot(&by_hand.create_new(Uuid::now_v7())).await.unwrap());
}

async fn load_replays_only_the_events_after_the_snapshot(backend: impl Snapshotting) {
    let wallets = with(&backend, SnapshotPolicy::every(10));
    let id = Uuid::now_v7();
    deposit(&wallets, id, &[1; 10]).await;
    let saved = backend.store().head().await.unwrap();
    mark(&backend, id).await;
    let mut loaded = wallets.load(id).await.unwrap();
    assert_eq!((loaded.balance, loaded.version()), (1_000_010, 10));
    let nothing = wallets.save(&mut loaded).await.unwrap();
    assert_eq!((nothing.version, nothing.position), (10, saved));
    deposit(&wallets, id, &[1; 4]).await;
    let loaded = wallets.load(id).await.unwrap();
    assert_eq!((loaded.balance, loaded.version()), (1_000_014, 14));
    // More than one page behind it.
    let by_hand = with(&backend, SnapshotPolicy::by_hand());
    deposit(&by_hand, id, &[1; 2_500]).await;
    assert_eq!(by_hand.load(id).await.unwrap().balance, 1_002_514);
    // Past states and repositories without snapshots replay.
    assert_eq!(wallets.load_at(id, 12).await.unwrap().balance, 12);
    assert_eq!(crate::world::wallets(&backend).load(id).await.unwrap().balance, 2_514);
}

async fn snapshot_leaves_out_what_happens_after_the_save(backend: impl Snapshotting) {
    let wallets = with(&backend, SnapshotPolicy::every(1));
    let mut wallet = wallets.create_new(Uuid::now_v7());
    let id = wallet.id();
    wallet.record(Deposited { amount: 1 });
    wallets.save(&mut wallet).await.unwrap();
    wallet.record(Deposited { amount: 100 });
    let loaded = wallets.load(id).await.unwrap();
    assert_eq!((loaded.balance, loaded.version()), (1, 1));
    assert_eq!(version(&backend, id).await, Some(1));
}

/// The wallet of a later version of the program: it counts as well.
#[derive(Debug, Default, Serialize, Deserialize)]
struct CountingWallet {
    balance: u64,
    #[serde(default)]
    deposits: u64,
}

#[aggregate(name = "Wallet")]
impl CountingWallet {
    #[applies(Deposited)]
    fn deposited(&mut self, event: &Deposited) {
        self.balance += event.amount;
        self.deposits += 1;
    }
}

async fn snapshot_of_another_shape_is_not_used(backend: impl Snapshotting) {
    let old = with(&backend, SnapshotPolicy::every(1));
    let id = Uuid::now_v7();
    deposit(&old, id, &[1; 3]).await;
    mark(&backend, id).await;
    let new = || {
        AggregateRepository::<CountingWallet>::new(backend.store(), MemoryEventBus::new())
            .with_snapshots(backend.snapshots(), SnapshotPolicy::every(1))
    };
    let mut counting = new().load(id).await.unwrap();
    assert_eq!((counting.balance, counting.deposits), (3, 3), "it would decode, without the count");
    // Both versions of the program go on with snapshots of their own.
    counting.record(Deposited { amount: 1 });
    new().save(&mut counting).await.unwrap();
    assert_eq!(old.load(id).await.unwrap().balance, 1_000_004);
    assert_eq!(new().load(id).await.unwrap().deposits, 4);
    // Another version of the state, of the same shape.
    let raised = with(&backend, SnapshotPolicy::every(1).state_version(1));
    assert_eq!(raised.load(id).await.unwrap().balance, 4);
}

async fn snapshot_beyond_its_stream_is_not_used(backend: impl Snapshotting) {
    let wallets = with(&backend, SnapshotPolicy::every(1));
    let id = Uuid::now_v7();
    deposit(&wallets, id, &[1; 3]).await;
    // The log was restored from an older copy: the stream ends before the snapshot, or has another event there.
    for (version, event_id) in [(7, None), (3, Some(Uuid::now_v7()))] {
        let mut lost = snapshot(&backend, id).await.unwrap();
        lost.version = version;
        lost.event_id = event_id.unwrap_or(lost.event_id);
        lost.state = r#"{"balance":1000000}"#.to_owned();
        assert!(backend.snapshots().save(&lost).await.unwrap());
        assert_eq!(wallets.load(id).await.unwrap().balance, 3, "{version}");
        // It does not keep later ones out.
        let loaded = wallets.load(id).await.unwrap();
        assert!(wallets.save_snapshot(&loaded).await.unwrap());
        assert_eq!(self::version(&backend, id).await, Some(3));
    }
    // Of a stream that is gone.
    let other = Uuid::now_v7();
    let mut lost = snapshot(&backend, id).await.unwrap();
    lost.stream = stream(other);
    assert!(backend.snapshots().save(&lost).await.unwrap());
    assert!(wallets.get_or_none(other).await.unwrap().is_none());
}

async fn snapshot_that_does_not_decode_is_not_used(backend: impl Snapshotting) {
    let wallets = with(&backend, SnapshotPolicy::every(1));
    let id = Uuid::now_v7();
    deposit(&wallets, id, &[1; 3]).await;
    for state in ["", "{}", "[]", r#"{"balance":-1}"#] {
        let mut damaged = snapshot(&backend, id).await.unwrap();
        state.clone_into(&mut damaged.state);
        assert!(backend.snapshots().save(&damaged).await.unwrap());
        assert_eq!(wallets.load(id).await.unwrap().balance, 3, "{state}");
    }
    deposit(&wallets, id, &[1]).await;
    mark(&backend, id).await;
    assert_eq!(wallets.load(id).await.unwrap().balance, 1_000_004);
}

async fn commands_and_batches_take_snapshots(backend: impl Snapshotting) {
    let wallets = with(&backend, SnapshotPolicy::every(2));
    let [one, other] = [Uuid::now_v7(), Uuid::now_v7()];
    let command = || Ok::<_, std::convert::Infallible>([Deposited { amount: 1 }, Deposited { amount: 2 }]);
    let id = Uuid::now_v7();
    wallets.execute(one, |_| command()).command_id(id).await.unwrap();
    assert_eq!(version(&backend, one).await, Some(2));
    mark(&backend, one).await;
    let again = wallets.execute(one, |_| command()).command_id(id).await.unwrap();
    assert_eq!((again.version, again.is_repeated), (2, true));
    assert_eq!(wallets.load(one).await.unwrap().balance, 1_000_003);

    let mut roots = [wallets.create_new(Uuid::now_v7()), wallets.load_or_create(other).await.unwrap()];
    roots[0].record(Deposited { amount: 1 });
    roots[1].record(command().unwrap());
    wallets.save_all(&mut roots).await.unwrap();
    assert_eq!((version(&backend, roots[0].id()).await, version(&backend, other).await), (None, Some(2)));
}

/// A store of snapshots that fails.
#[derive(Clone, Default)]
struct Failing(Arc<AtomicU64>);

impl Failing {
    fn fail<T>(&self) -> Result<T, StoreError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Err(StoreError::Failed { action: "use a snapshot".to_owned(), source: "on purpose".into() })
    }
}

#[async_trait]
impl SnapshotStore for Failing {
    async fn load(&self, _: &StreamId, _: &str) -> Result<Option<AggregateSnapshot>, StoreError> {
        self.fail()
    }

    async fn save(&self, _: &AggregateSnapshot) -> Result<bool, StoreError> {
        self.fail()
    }

    async fn discard(&self, _: &AggregateSnapshot) -> Result<(), StoreError> {
        self.fail()
    }

    async fn delete(&self, _: &StreamId) -> Result<u64, StoreError> {
        self.fail()
    }

    async fn delete_all(&self, _: &str) -> Result<u64, StoreError> {
        self.fail()
    }
}

#[tokio::test]
async fn failing_store_of_snapshots_fails_neither_a_save_nor_a_load() {
    let (store, failing) = (MemoryEventStore::new(), Failing::default());
    let wallets = Wallets::new(store, MemoryEventBus::new()).with_snapshots(failing.clone(), SnapshotPolicy::every(1));
    let id = Uuid::now_v7();
    let mut wallet = wallets.create_new(id);
    wallet.record(Deposited { amount: 1 });
    let saved = wallets.save(&mut wallet).await.unwrap();
    assert_eq!((saved.version, failing.0.load(Ordering::SeqCst)), (1, 1));
    assert_eq!(wallets.load(id).await.unwrap().balance, 1);
    assert_eq!(failing.0.load(Ordering::SeqCst), 2);
    assert!(matches!(wallets.save_snapshot(&wallet).await, Err(SnapshotError::Store(_))));
}

/// A state that JSON does not have.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Ratio {
    ratio: f64,
}

#[aggregate(name = "Wallet")]
impl Ratio {
    #[applies(Deposited)]
    fn deposited(&mut self, _: &Deposited) {
        self.ratio = f64::NAN;
    }
}

#[tokio::test]
async fn state_that_would_not_be_read_back_is_not_stored() {
    let (store, snapshots) = (MemoryEventStore::new(), MemorySnapshots::new());
    let ratios = AggregateRepository::<Ratio>::new(store, MemoryEventBus::new())
        .with_snapshots(snapshots.clone(), SnapshotPolicy::every(1));
    let mut ratio = ratios.create_new(Uuid::now_v7());
    ratio.record(Deposited { amount: 1 });
    ratios.save(&mut ratio).await.unwrap();
    assert!(snapshots.load(&ratio.stream(), "").await.unwrap().is_none());
    let refused = ratios.save_snapshot(&ratio).await;
    assert!(
        matches!(&refused, Err(SnapshotError::Unstorable { value, .. }) if value.path == "state.ratio"),
        "{refused:?}"
    );
    assert!(ratios.load(ratio.id()).await.unwrap().ratio.is_nan());
}
