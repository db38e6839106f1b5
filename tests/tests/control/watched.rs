//! Streams of the changes of states.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use eventsource::prelude::*;
use eventsource::subscription::{StateChanges, StopReason};
use eventsource_tests::domain::{Seen, bump};
use eventsource_tests::wait::DEADLINE;
use futures_util::Stream as _;

/// Returns the name and the state of the next change, and `None` at the end.
async fn next(changes: &mut StateChanges) -> Option<(String, &'static str)> {
    let now = tokio::time::timeout(DEADLINE, changes.next()).await.expect("a change")?;
    Some((now.name, now.state.name()))
}

fn is_pending(changes: &mut StateChanges) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    matches!(Pin::new(changes).poll_next(&mut context), Poll::Pending)
}

async fn seen(store: &MemoryEventStore) -> (SubscriptionManager<MemoryCheckpoints>, SubscriptionHandle<Seen>) {
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let handle = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    (manager, handle)
}

#[tokio::test]
async fn stream_begins_with_the_present_state_and_yields_each_change() {
    let store = MemoryEventStore::new();
    let (manager, handle) = seen(&store).await;
    let mut changes = handle.watch();
    let name = || "seen".to_owned();
    assert_eq!(next(&mut changes).await, Some((name(), "idle")));
    assert!(is_pending(&mut changes), "the state has not changed");
    manager.start().await.unwrap();
    while next(&mut changes).await != Some((name(), "live")) {}
    // Events and positions are no changes of the state.
    handle.pause().await.unwrap();
    assert_eq!(next(&mut changes).await, Some((name(), "paused")));
    handle.pause_for("another reason").await.unwrap();
    assert!(is_pending(&mut changes));
    handle.resume().await.unwrap();
    while next(&mut changes).await != Some((name(), "live")) {}
    manager.unsubscribe("seen").await.unwrap();
    assert_eq!(next(&mut changes).await, Some((name(), "stopped")));
    assert_eq!(next(&mut changes).await, None);
    assert_eq!(next(&mut changes).await, None, "it stays at its end");
}

#[tokio::test]
async fn slow_reader_gets_the_latest_state_and_blocks_nothing() {
    let store = MemoryEventStore::new();
    let (manager, handle) = seen(&store).await;
    let mut changes = handle.watch();
    for by in 0..50 {
        manager.start().await.unwrap();
        handle.wait_for(bump(&store, [by]).await).within(DEADLINE).await.unwrap();
        handle.pause().await.unwrap();
        manager.stop().await.unwrap();
    }
    let now = changes.next().await.unwrap();
    let is_stopped = matches!(now.state, SubscriptionState::Stopped { reason: StopReason::ManagerStopped });
    assert!(is_stopped && now.events_handled == 50, "{now:?}");
    assert!(is_pending(&mut changes), "what was between is not stored");
    // The same state, entered again, is a change.
    manager.start().await.unwrap();
    manager.stop().await.unwrap();
    assert_eq!(next(&mut changes).await.unwrap().1, "stopped");
}

#[tokio::test]
async fn stream_of_a_manager_has_later_subscriptions_and_ends_with_it() {
    let store = MemoryEventStore::new();
    let (manager, handle) = seen(&store).await;
    let mut changes = manager.watch();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    while next(&mut changes).await != Some(("seen".to_owned(), "live")) {}
    let later = SubscriptionConfig::default().name("later");
    manager.subscribe(Seen::default(), later).await.unwrap();
    while next(&mut changes).await != Some(("later".to_owned(), "live")) {}
    manager.unsubscribe("later").await.unwrap();
    assert_eq!(next(&mut changes).await, Some(("later".to_owned(), "stopped")));
    drop(manager);
    assert_eq!(next(&mut changes).await, Some(("seen".to_owned(), "stopped")));
    assert_eq!(next(&mut changes).await, None);
}
