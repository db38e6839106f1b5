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
        let config = SubscriptionConfig::from_beginning().batch_size(batch_size);
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
    let other = SubscriptionConfig::default().name("seen-again");
    assert_eq!(manager.subscribe(Seen::default(), other).await.unwrap().name(), "seen-again");
}

#[tokio::test]
async fn subscribe_refuses_an_invalid_config_and_lists_every_option() {
    use std::time::Duration;

    use eventsource::subscription::{FailureLimit, RetryPolicy};

    let config = SubscriptionConfig::default;
    let retry = RetryPolicy::new;
    let alone = [
        ("batch_size", config().batch_size(0)),
        ("batch_size", config().batch_size(100_001)),
        ("batch_bytes", config().batch_bytes(1_023)),
        ("poll_interval", config().poll_interval(Duration::ZERO)),
        ("poll_interval", config().poll_interval(Duration::MAX)),
        ("name", config().name("")),
        ("name", config().name("n".repeat(256))),
        ("tenant", config().tenant("")),
        ("tenant", config().tenant("a\0b")),
        ("attempts", config().retry(retry(0, Duration::ZERO, Duration::ZERO))),
        ("max_delay", config().retry(retry(1, Duration::from_secs(2), Duration::from_secs(1)))),
        ("factor", config().retry(RetryPolicy::default().factor(f64::NAN))),
        ("jitter", config().retry(RetryPolicy::default().jitter(1.5))),
        ("events", config().failure_limit(FailureLimit::new(1, Duration::ZERO))),
        ("within", config().failure_limit(FailureLimit::new(2, Duration::MAX))),
        ("handler_timeout", config().handler_timeout(Duration::ZERO)),
        ("outage_limit", config().outage_limit(Duration::ZERO)),
        ("lease", config().lease(Duration::from_millis(49))),
        ("snapshot_every", config().snapshot_every(0)),
    ];
    let manager = SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    for (option, config) in alone {
        let error = manager.subscribe(Seen::default(), config).await.unwrap_err();
        let SubscribeError::InvalidConfig { options, .. } = &error else { panic!("{error}") };
        assert_eq!(options.iter().map(|invalid| invalid.option).collect::<Vec<_>>(), [option], "{error}");
        assert!(error.to_string().contains(option) && error.to_string().contains("must be"), "{error}");
    }

    let several = config().lease(Duration::ZERO).batch_size(0).name("").failure_limit(FailureLimit::none());
    let error = manager.subscribe(Seen::default(), several).await.unwrap_err();
    let SubscribeError::InvalidConfig { options, .. } = &error else { panic!("{error}") };
    assert_eq!(options.iter().map(|invalid| invalid.option).collect::<Vec<_>>(), ["name", "batch_size", "lease"]);
    assert!(manager.inspect_all().await.is_empty());
}
