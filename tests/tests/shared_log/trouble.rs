//! What goes wrong in a read that several wait for.

use super::world::*;
use eventsource::testing::faults::{Fault, Faults, FaultyEventStore, Point};

const ALL: &[&str] = &TYPES;

#[tokio::test]
async fn an_error_of_the_store_is_an_outage_of_each() {
    let store = Watched::default();
    let end = fill(&store, 300).await;
    let faults = Faults::new();
    let faulty = FaultyEventStore::new(store.clone(), &faults);
    let manager = SubscriptionManager::new(faulty, MemoryEventBus::new(), MemoryCheckpoints::new())
        .with_registry(Registry::of([]));
    let mut handles = Vec::new();
    for n in 0..10 {
        handles.push(subscribe(&manager, format!("s{n}"), Noted::types(ALL), 100).await);
    }
    faults.next(Point::ReadLog, Fault::Fail, 1);
    manager.start().await.unwrap();
    all_at(&handles, end).await;
    all_right(&store, &handles).await;
    for handle in &handles {
        let error = handle.inspect().await.last_error;
        assert!(error.as_deref().is_some_and(|error| error.contains("a fault was injected")), "{error:?}");
    }
    assert_eq!(faults.count(Point::ReadLog), 1, "one read has failed, for all of them");
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn panic_of_the_store_leaves_no_reader_waiting() {
    let store = Watched::default();
    let end = fill(&store, 300).await;
    let faults = Faults::new();
    let faulty = FaultyEventStore::new(store.clone(), &faults);
    let manager = SubscriptionManager::new(faulty, MemoryEventBus::new(), MemoryCheckpoints::new())
        .with_registry(Registry::of([]));
    let mut handles = Vec::new();
    for n in 0..5 {
        handles.push(subscribe(&manager, format!("s{n}"), Noted::types(ALL), 100).await);
    }
    faults.next(Point::ReadLog, Fault::Panic, 1);
    manager.start().await.unwrap();
    all_at(&handles, end).await;
    all_right(&store, &handles).await;
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn cancelled_first_reader_leaves_the_others_served() {
    let store = Watched::default();
    let end = fill(&store, 50).await;
    let manager = manager(&store);
    let mut handles = Vec::new();
    for n in 0..5 {
        handles.push(subscribe(&manager, format!("s{n}"), Noted::types(ALL), 100).await);
    }
    let gate = store.close();
    manager.start().await.unwrap();
    eventually("the log is read", || async { store.reading.load(Ordering::SeqCst) > 0 }).await;
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    for n in 0..4 {
        manager.unsubscribe(&format!("s{n}")).await.unwrap();
    }
    assert_eq!(store.reads().len(), 1, "all of them wait for one read");
    assert_eq!(store.reading.load(Ordering::SeqCst), 1, "it goes on for the last one");
    store.open();
    drop(gate);
    all_at(&handles[4..], end).await;
    all_right(&store, &handles[4..]).await;
    assert_eq!(store.reads().len(), 1, "what was read is given to the one that is left");
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn a_read_ends_with_the_last_one_who_waits_for_it() {
    let store = Watched::default();
    fill(&store, 50).await;
    let manager = manager(&store);
    for n in 0..5 {
        subscribe(&manager, format!("s{n}"), Noted::types(ALL), 100).await;
    }
    let _gate = store.close();
    manager.start().await.unwrap();
    eventually("the log is read", || async { store.reading.load(Ordering::SeqCst) > 0 }).await;
    manager.stop().await.unwrap();
    eventually("no read is under way", || async { store.reading.load(Ordering::SeqCst) == 0 }).await;
}
