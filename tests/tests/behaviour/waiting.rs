//! A wait ends: with what it waited for, or with the reason why that will not come.

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::subscription::{FailurePolicy, RetryPolicy, StopReason, WaitError};
use eventsource_tests::domain::{Bumped, Seen, bump, note};
use eventsource_tests::wait::DEADLINE;

#[derive(Default)]
struct Refuses;

#[projection(memory)]
impl Refuses {
    #[handles(Bumped)]
    fn bumped(&self, _: &Bumped) -> Result<(), HandlerError> {
        Err(HandlerError::transient("not today"))
    }
}

#[tokio::test]
async fn before_the_start_it_is_an_error() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    let position = bump(&store, [1]).await;
    assert!(matches!(seen.wait_for(position).within(DEADLINE).await, Err(WaitError::NotStarted { .. })));
    assert!(matches!(seen.caught_up().within(DEADLINE).await, Err(WaitError::NotStarted { .. })));
    drop(manager);
    let waited = seen.wait_for(position).within(DEADLINE).await;
    assert!(matches!(waited, Err(WaitError::Stopped { reason: StopReason::ManagerDropped, .. })), "{waited:?}");
}

#[tokio::test]
async fn an_empty_log_is_caught_up_with_at_once() {
    let manager = SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    assert_eq!(seen.caught_up().within(DEADLINE).await.unwrap(), Position::START);
}

#[tokio::test]
async fn a_stop_ends_it() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    let wait = tokio::spawn(seen.wait_for(Position::new(1_000)).into_future());
    manager.stop().await.unwrap();
    let error = wait.await.unwrap().unwrap_err();
    assert!(matches!(error, WaitError::Stopped { reason: StopReason::ManagerStopped, .. }), "{error}");
    assert_eq!(
        seen.caught_up().within(DEADLINE).await.unwrap(),
        Position::START,
        "what is there is there, stopped or not"
    );
}

#[tokio::test]
async fn a_fault_ends_it_with_the_place_and_the_cause() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let config = SubscriptionConfig::default().retry(RetryPolicy::never()).on_failure(FailurePolicy::Stop);
    let refuses = manager.subscribe(Refuses, config).await.unwrap();
    manager.start().await.unwrap();
    let position = bump(&store, [1]).await;
    let error = refuses.wait_for(position).within(DEADLINE).await.unwrap_err();
    let WaitError::Faulted { failure } = &error else { panic!("{error}") };
    assert_eq!(failure.position, position);
    for part in ["Refuses", "`Bumped`", "position 1", "Counter/", "not today"] {
        assert!(error.to_string().contains(part), "{part} in {error}");
    }
}

#[tokio::test]
async fn foreign_events_are_passed_over_and_waiters_see_it_at_once() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    let position = note(&store, 3).await;
    seen.wait_for(position).within(Duration::from_secs(10)).await.unwrap();
    assert_eq!(seen.inspect().await.events_handled, 0);
}

#[tokio::test]
async fn the_end_of_the_runtime_ends_it() {
    let (seen, store) = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let store = MemoryEventStore::new();
            let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
            let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
            manager.start().await.unwrap();
            seen.caught_up().within(DEADLINE).await.unwrap();
            std::mem::forget(manager);
            (seen, store)
        })
    })
    .join()
    .unwrap();
    let position = bump(&store, [1]).await;
    let error = seen.wait_for(position).within(DEADLINE).await.unwrap_err();
    assert!(matches!(error, WaitError::Stopped { reason: StopReason::RuntimeShutDown, .. }), "{error}");
}

/// The last page was full, so that there might have been more.
#[tokio::test]
async fn caught_up_returns_when_the_state_says_so() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let config = SubscriptionConfig::default().batch_size(5);
    let seen = manager.subscribe(Seen::default(), config).await.unwrap();
    manager.start().await.unwrap();
    for round in 1..=50 {
        bump(&store, 0..10).await;
        seen.caught_up().within(DEADLINE).await.unwrap();
        let state = seen.inspect().await.state;
        assert_eq!(state.name(), "live", "round {round}");
    }
    manager.stop().await.unwrap();
}
