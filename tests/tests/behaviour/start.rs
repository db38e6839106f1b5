//! Where a subscription starts.

use eventsource::prelude::*;
use eventsource::subscription::SubscribeError;
use eventsource_tests::domain::{Seen, bump, note};
use eventsource_tests::wait::DEADLINE;

async fn started(store: &MemoryEventStore, config: SubscriptionConfig) -> (Vec<u64>, Vec<u64>) {
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let seen = manager.subscribe(Seen::default(), config).await.unwrap();
    manager.start().await.unwrap();
    seen.caught_up().within(DEADLINE).await.unwrap();
    let before = seen.read().await.numbers();
    let position = bump(store, [99]).await;
    seen.wait_for(position).within(DEADLINE).await.unwrap();
    (before, seen.read().await.numbers())
}

#[tokio::test]
async fn from_the_beginning_and_by_default_everything_is_seen() {
    for config in [SubscriptionConfig::from_beginning(), SubscriptionConfig::default()] {
        let store = MemoryEventStore::new();
        bump(&store, [1, 2, 3]).await;
        assert_eq!(started(&store, config).await, (vec![1, 2, 3], vec![1, 2, 3, 99]));
    }
}

#[tokio::test]
async fn from_the_end_only_what_is_stored_later_is_seen() {
    let store = MemoryEventStore::new();
    bump(&store, [1, 2, 3]).await;
    assert_eq!(started(&store, SubscriptionConfig::from_end()).await, (vec![], vec![99]));
}

#[tokio::test]
async fn after_a_position_that_position_itself_is_not_seen() {
    let store = MemoryEventStore::new();
    let second = bump(&store, [1, 2]).await;
    bump(&store, [3]).await;
    assert_eq!(started(&store, SubscriptionConfig::after(second)).await, (vec![3], vec![3, 99]));
}

/// A caller keeps positions as text, also those beyond what a number in JavaScript holds.
#[tokio::test]
async fn position_that_was_kept_as_text_is_the_same_again() {
    let kept =
        |position: Position| serde_json::from_str::<Position>(&serde_json::to_string(&position).unwrap()).unwrap();
    for value in [0, 1, (1 << 53) + 1, u64::MAX] {
        assert_eq!(kept(Position::new(value)), Position::new(value));
    }
    let store = MemoryEventStore::new();
    let second = bump(&store, [1, 2]).await;
    bump(&store, [3]).await;
    assert_eq!(started(&store, SubscriptionConfig::after(kept(second))).await, (vec![3], vec![3, 99]));
}

#[tokio::test]
async fn the_end_is_where_the_log_ended_at_the_first_start() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::from_end()).await.unwrap();
    bump(&store, [1]).await;
    manager.start().await.unwrap();
    seen.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    bump(&store, [2]).await;
    manager.start().await.unwrap();
    seen.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(seen.read().await.numbers(), [2], "what was stored between the two starts is not skipped");
}

#[tokio::test]
async fn every_batch_size_sees_everything_once() {
    for batch_size in [1, 2, 3, 7, 1_000] {
        let store = MemoryEventStore::new();
        for n in 0..20 {
            bump(&store, [n]).await;
            note(&store, 3).await;
        }
        let config = SubscriptionConfig::from_beginning().batch_size(batch_size).unwrap();
        let (before, _) = started(&store, config).await;
        assert_eq!(before, (0..20).collect::<Vec<_>>(), "batch size {batch_size}");
    }
}

#[tokio::test]
async fn a_name_is_taken_once_and_can_be_given() {
    let manager = SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let first = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    assert_eq!(first.name(), "seen");
    let error = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap_err();
    assert!(matches!(&error, SubscribeError::DuplicateName { subscription } if subscription == "seen"), "{error}");
    let other = SubscriptionConfig::default().name("seen-again").unwrap();
    assert_eq!(manager.subscribe(Seen::default(), other).await.unwrap().name(), "seen-again");
}

#[test]
fn nonsense_is_refused_when_the_config_is_built() {
    use std::time::Duration;

    use eventsource::subscription::RetryPolicy;

    let config = SubscriptionConfig::default;
    let errors = [
        ("batch_size", config().batch_size(0).unwrap_err()),
        ("batch_size", config().batch_size(100_001).unwrap_err()),
        ("poll_interval", config().poll_interval(Duration::ZERO).unwrap_err()),
        ("poll_interval", config().poll_interval(Duration::MAX).unwrap_err()),
        ("name", config().name("").unwrap_err()),
        ("name", config().name("n".repeat(256)).unwrap_err()),
        ("attempts", RetryPolicy::new(0, Duration::ZERO, Duration::ZERO).unwrap_err()),
        ("max_delay", RetryPolicy::new(1, Duration::from_secs(2), Duration::from_secs(1)).unwrap_err()),
    ];
    for (option, error) in errors {
        assert_eq!(error.option, option, "{error}");
        assert!(error.to_string().contains(option) && error.to_string().contains("must be"), "{error}");
    }
}
