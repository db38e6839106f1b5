//! Several writers on one file: in turn, waiting, given up, cancelled.

use std::time::{Duration, Instant};

use eventsource::projection::CheckpointStore;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteOptions};
use eventsource::{AppendError, EventLog, EventStore, ExpectedVersion, Position, ReadStream, StoreError};
use tempfile::TempDir;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{open, order, placed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_databases_share_a_file() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("events.db");
    let (_a, first) = open(&path).await;
    let (_b, second) = open(&path).await;
    let mut tasks = JoinSet::new();
    for store in [first.clone(), second.clone()] {
        tasks.spawn(async move {
            for _ in 0..20 {
                store.append(&order(), ExpectedVersion::NoStream, placed()).await.unwrap();
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(first.head().await.unwrap(), Position::new(40));
    assert_eq!(second.backlog(Position::new(30), u64::MAX).await.unwrap().events, 10);
}

#[tokio::test]
async fn a_busy_file_is_waited_out() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("events.db");
    let (db, store) = open(&path).await;
    let (other, _) = open(&path).await;
    // Shorter than the wait, so that SQLite's own patience does not suffice.
    let options = SqliteOptions::new(&path).busy_timeout(Duration::from_millis(20));
    let hasty = SqliteEventStore::new(&SqliteDatabase::open_with(options).await.unwrap());
    let locked = other.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
    let release = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(locked);
    });
    let started = Instant::now();
    let checkpoints = SqliteCheckpoints::new(&db);
    let (stream, another) = (order(), order());
    let (a, b, unit) = tokio::join!(
        store.append(&stream, ExpectedVersion::Any, placed()),
        hasty.append(&another, ExpectedVersion::Any, placed()),
        async { drop(checkpoints.begin().await.unwrap()) },
    );
    a.unwrap();
    b.unwrap();
    assert_eq!(unit, ());
    assert!(started.elapsed() >= Duration::from_millis(900), "{:?}", started.elapsed());
    // A reader does not wait.
    assert_eq!(store.head().await.unwrap(), Position::new(2));
    release.await.unwrap();
}

#[tokio::test]
async fn patience_ends_as_busy() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("events.db");
    let (other, _) = open(&path).await;
    let options = SqliteOptions::new(&path).write_timeout(Duration::from_millis(200));
    let store = SqliteEventStore::new(&SqliteDatabase::open_with(options).await.unwrap());
    let locked = other.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
    let started = Instant::now();
    let refused = store.append(&order(), ExpectedVersion::Any, placed()).await;
    assert!(matches!(refused, Err(AppendError::Store(StoreError::Busy { .. }))), "{refused:?}");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    drop(locked);
    store.append(&order(), ExpectedVersion::Any, placed()).await.unwrap();
}

/// A dropped append leaves nothing behind, and neither the pool nor the lock is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_is_cancelled_is_whole_or_absent() {
    let dir = TempDir::new().unwrap();
    let (db, store) = open(&dir.path().join("events.db")).await;
    let (mut rounds, mut cut, mut whole) = (0, 0, 0);
    let mut micros = 0;
    // 40 moments, and later ones until an append was cut off and another one came to its end.
    while rounds < 40 || cut == 0 || whole == 0 {
        assert!(micros < 10_000_000, "{cut} cut off, {whole} whole");
        let (stream, batch) = (order(), vec![placed(); 600].concat());
        // `vec!` clones ids as well.
        let batch: Vec<_> = batch.into_iter().map(|event| event.with_id(Uuid::now_v7())).collect();
        let append = store.append(&stream, ExpectedVersion::NoStream, batch);
        let _ = tokio::time::timeout(Duration::from_micros(micros), append).await;
        let next = store.append(&order(), ExpectedVersion::NoStream, placed()).await.unwrap();
        let found = store.read_stream(&stream, ReadStream::forward()).await.unwrap().len();
        assert!(found == 0 || found == 600, "{found} of 600 events");
        *(if found == 0 { &mut cut } else { &mut whole }) += 1;
        rounds += 1;
        micros += if rounds < 40 { 150 } else { 150 + micros / 10 };
        assert_eq!(store.head().await.unwrap(), next.position());
    }
    assert!(db.pool().size() <= 5);
}

#[tokio::test]
async fn many_appends_at_once_do_not_starve_the_readers() {
    let dir = TempDir::new().unwrap();
    let (_db, store) = open(&dir.path().join("events.db")).await;
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let store = store.clone();
        tasks.spawn(async move {
            store.append(&order(), ExpectedVersion::NoStream, placed()).await.unwrap();
            store.head().await.unwrap();
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(store.head().await.unwrap(), Position::new(50));
}
