//! Many writers while a subscription starts, catches up and goes live; another process on the same file.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore};
use eventsource_tests::domain::{Bumped, Seen, bump};
use eventsource_tests::rows::BumpRows;
use eventsource_tests::wait::DEADLINE;
use uuid::Uuid;

/// Ten tasks append 40 times each, to streams of their own and to a common one.
async fn ten_writers(store: Arc<dyn EventStore>) {
    let common = StreamId::new("Counter", Uuid::now_v7());
    let writers: Vec<_> = (0..10u64)
        .map(|writer| {
            let (store, common) = (Arc::clone(&store), common.clone());
            tokio::spawn(async move {
                let own = StreamId::new("Counter", Uuid::now_v7());
                for n in 0..40 {
                    let stream = if n % 4 == 0 { &common } else { &own };
                    let event = NewEvent::of(&Bumped { by: writer * 1_000 + n }).unwrap();
                    store.append(stream, ExpectedVersion::Any, vec![event]).await.unwrap();
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
}

fn every_number_once(mut numbers: Vec<u64>) {
    numbers.sort_unstable();
    let mut expected: Vec<_> = (0..10).flat_map(|writer| (0..40).map(move |n| writer * 1_000 + n)).collect();
    expected.sort_unstable();
    assert_eq!(numbers, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_writers_in_memory() {
    for _ in 0..20 {
        let store = MemoryEventStore::new();
        let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
        let config = SubscriptionConfig::default().batch_size(7);
        let seen = manager.subscribe(Seen::default(), config).await.unwrap();
        let writers = tokio::spawn(ten_writers(Arc::new(store.clone())));
        tokio::task::yield_now().await;
        manager.start().await.unwrap();
        writers.await.unwrap();
        seen.caught_up().within(DEADLINE).await.unwrap();
        let seen = seen.read().await;
        assert!(seen.bumps.is_sorted_by(|a, b| a.0 < b.0), "in position order");
        every_number_once(seen.numbers());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_writers_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let db = SqliteDatabase::open(folder.path().join("writers.db")).await.unwrap();
    BumpRows::create_tables(db.pool()).await.unwrap();
    let store = SqliteEventStore::new(&db);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), SqliteCheckpoints::new(&db));
    let config = || SubscriptionConfig::default().batch_size(7);
    let rows = manager.subscribe(BumpRows, config()).await.unwrap();
    let seen = manager.subscribe(Seen::default(), config()).await.unwrap();
    let writers = tokio::spawn(ten_writers(Arc::new(store.clone())));
    tokio::task::yield_now().await;
    manager.start().await.unwrap();
    writers.await.unwrap();
    rows.caught_up().within(DEADLINE).await.unwrap();
    seen.caught_up().within(DEADLINE).await.unwrap();
    every_number_once(seen.read().await.numbers());
    let written = BumpRows::rows(db.pool()).await.unwrap();
    assert_eq!(written, BumpRows::fold(&store).await);
    every_number_once(written.iter().map(|(_, by)| *by as u64).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_file_is_seen_live() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shared.db");
    let db = SqliteDatabase::open(&file).await.unwrap();
    BumpRows::create_tables(db.pool()).await.unwrap();
    let store = SqliteEventStore::new(&db);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), SqliteCheckpoints::new(&db));
    let config = SubscriptionConfig::default().poll_interval(Duration::from_millis(50));
    let rows = manager.subscribe(BumpRows, config).await.unwrap();
    manager.start().await.unwrap();
    rows.caught_up().within(DEADLINE).await.unwrap();

    let mut other = Command::new(env!("CARGO_BIN_EXE_appender")).arg(&file).arg("100").spawn().unwrap();
    let mut here = 0;
    while other.try_wait().unwrap().is_none() {
        bump(&store, [5_000 + here]).await;
        here += 1;
    }
    assert!(other.wait().unwrap().success());
    // The other process wakes nothing here: the poll finds what it stored.
    rows.caught_up().within(Duration::from_secs(30)).await.unwrap();
    let written = BumpRows::rows(db.pool()).await.unwrap();
    assert_eq!(written.len() as u64, 100 + here);
    assert_eq!(written, BumpRows::fold(&store).await);
    assert_eq!(rows.inspect().await.last_error, None, "a busy file fails no event");
}
