//! Engines in subscriptions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use eventsource::engine::sqlite::SqliteProjectionStates;
use eventsource::engine::{MemoryProjectionStates, Owned, ProjectionEngine, ProjectionStateStore};
use eventsource::prelude::*;
use eventsource::subscription::RetryPolicy;
use eventsource_tests::backend::{Backend, Memory, Postgres, Sqlite};

use crate::events::{Deposited, deposit};

fn sums() -> ProjectionEngine<Owned<u64>> {
    ProjectionEngine::new("sum", MemoryProjectionStates::new())
        .with_state(0)
        .update::<Deposited>(|sum, event| *sum += event.cents)
}

async fn engine_with_a_state_follows_the_log<B: Backend>() {
    let backend = B::open().await;
    let store = backend.store();
    deposit(&store, 1..=10).await;
    let manager = backend.manager();
    let sum = manager.subscribe(sums(), SubscriptionConfig::from_beginning()).await.unwrap();
    manager.start().await.unwrap();
    sum.caught_up().await.unwrap();
    let live = deposit(&store, [45]).await;
    sum.wait_for(live[0].position()).await.unwrap();
    assert_eq!(*sum.read().await.state(), 100);
    manager.stop().await.unwrap();
    sum.reset().await.unwrap();
    assert_eq!(*sum.read().await.state(), 0);
    manager.start().await.unwrap();
    sum.wait_for(live[0].position()).await.unwrap();
    assert_eq!(*sum.read().await.state(), 100);
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn engine_with_a_state_follows_the_log_in_memory() {
    engine_with_a_state_follows_the_log::<Memory>().await;
}

#[tokio::test]
async fn engine_with_a_state_follows_the_log_on_sqlite() {
    engine_with_a_state_follows_the_log::<Sqlite>().await;
}

#[tokio::test]
async fn engine_with_a_state_follows_the_log_on_postgres() {
    engine_with_a_state_follows_the_log::<Postgres>().await;
}

#[tokio::test]
async fn engine_with_a_state_is_as_before_an_event_that_panics() {
    let backend = Memory::open().await;
    let panics = Arc::new(AtomicU64::new(1));
    let left = Arc::clone(&panics);
    let engine = ProjectionEngine::new("sum", MemoryProjectionStates::new()).with_state(0).update::<Deposited>(
        move |sum, event| {
            *sum += event.cents;
            if event.cents == 4 && left.load(Ordering::Relaxed) > 0 {
                left.fetch_sub(1, Ordering::Relaxed);
                panic!("a panic on purpose");
            }
        },
    );
    deposit(&backend.store(), 1..=10).await;
    let manager = backend.manager();
    let sum = manager.subscribe(engine, SubscriptionConfig::from_beginning()).await.unwrap();
    manager.start().await.unwrap();
    sum.caught_up().await.unwrap();
    assert_eq!(*sum.read().await.state(), 6);
    sum.dead_letters().retry_all().await.unwrap();
    assert_eq!(*sum.read().await.state(), 55);
    assert_eq!(sum.read().await.progress().unwrap().events_processed, 10);
}

#[tokio::test]
async fn engine_that_writes_outside_goes_on_where_it_was_and_saves_its_progress_before_the_checkpoint() {
    let backend = Sqlite::open().await;
    let (states, store) = (SqliteProjectionStates::new(&backend.db), backend.store());
    let (sum, attempts) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let engine = || {
        let (sum, attempts) = (Arc::clone(&sum), Arc::clone(&attempts));
        ProjectionEngine::new("sum", states.clone()).on::<Deposited>(move |event| {
            if event.cents == 3 && attempts.fetch_add(1, Ordering::Relaxed) == 0 {
                return Err(HandlerError::transient("not yet"));
            }
            sum.fetch_add(event.cents, Ordering::Relaxed);
            Ok(())
        })
    };
    let mut last = deposit(&store, 1..=5).await.pop().unwrap();
    for total in [15, 21] {
        let manager = backend.manager();
        let retry = RetryPolicy::new(3, Duration::from_millis(1), Duration::from_millis(5)).unwrap();
        let config = SubscriptionConfig::from_checkpoint().retry(retry);
        let subscription = manager.subscribe(engine(), config).await.unwrap();
        manager.start().await.unwrap();
        subscription.wait_for(last.position()).await.unwrap();
        assert_eq!(sum.load(Ordering::Relaxed), total);
        manager.stop().await.unwrap();
        let stored = states.load("sum").await.unwrap().unwrap();
        assert_eq!((stored.position, stored.last_event_id), (last.position(), Some(last.id())));
        assert!(stored.health.is_healthy());
        assert_eq!(stored.error_count, 1);
        last = deposit(&store, [6]).await.pop().unwrap();
    }
}
