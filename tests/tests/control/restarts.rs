//! Pause, resume and restart of one subscription.

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::projection::EventSubscriber;
use eventsource::subscription::{ManagerError, StopReason};
use eventsource_tests::backend::Backend;
use eventsource_tests::domain::{Bumped, Seen, bump};
use eventsource_tests::wait::DEADLINE;

use crate::world::{Fails, is, stops};

crate::on_both! {
    restart_of_a_faulted_subscription_applies_its_event_again
    restart_of_a_running_subscription_loses_nothing_and_ends_no_wait
    pause_and_resume_by_the_handle_hold_the_subscription
}

async fn restart_of_a_faulted_subscription_applies_its_event_again<B: Backend>()
where
    Fails: EventSubscriber<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let backend = B::open().await;
    let manager = backend.manager();
    let fails = Fails::times(2);
    let handle = manager.subscribe(fails.clone(), stops()).await.unwrap();
    let other = manager.subscribe(Fails::default(), stops().name("other")).await.unwrap();
    manager.start().await.unwrap();
    let position = bump(&backend.store(), [1, 2, 3]).await;
    is(&handle, "faulted").await;
    assert!(handle.snapshot().last_failure.unwrap().error.contains("not yet"));
    other.wait_for(position).within(DEADLINE).await.unwrap();
    handle.restart().await.unwrap();
    is(&handle, "faulted").await;
    manager.restart("fails").await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    let applied = fails.applied();
    assert_eq!((applied.first(), applied.last()), (Some(&1), Some(&3)), "{applied:?}");
    assert!(applied.iter().filter(|by| **by == 3).count() == 1, "{applied:?}");
    assert!(matches!(manager.restart("unknown").await, Err(ManagerError::Unknown { .. })));
    manager.stop().await.unwrap();
    manager.restart("fails").await.unwrap();
    handle.wait_for(bump(&backend.store(), [4]).await).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
}

async fn restart_of_a_running_subscription_loses_nothing_and_ends_no_wait<B: Backend>()
where
    Fails: EventSubscriber<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let backend = B::open().await;
    let manager = backend.manager();
    let fails = Fails::default();
    let handle = manager.subscribe(fails.clone(), stops()).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(bump(&backend.store(), [1]).await).within(DEADLINE).await.unwrap();
    let beyond = Position::new(handle.snapshot().position.unwrap().value() + 20);
    let waiting = tokio::spawn({
        let handle = handle.clone();
        async move { handle.wait_for(beyond).within(DEADLINE).await }
    });
    for by in 2..=21 {
        bump(&backend.store(), [by]).await;
        handle.restart().await.unwrap();
    }
    waiting.await.unwrap().unwrap();
    assert_eq!(fails.applied(), (1..=21).collect::<Vec<_>>());
    manager.stop().await.unwrap();
}

async fn pause_and_resume_by_the_handle_hold_the_subscription<B: Backend>()
where
    Fails: EventSubscriber<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let backend = B::open().await;
    let manager = backend.manager();
    let fails = Fails::default();
    let handle = manager.subscribe(fails.clone(), stops()).await.unwrap();
    assert!(matches!(handle.pause().await, Err(ManagerError::NotRunning { .. })));
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    handle.pause_for("maintenance").await.unwrap();
    let snapshot = handle.snapshot();
    assert_eq!((snapshot.state.name(), snapshot.pause_reason.as_deref()), ("paused", Some("maintenance")));
    let position = bump(&backend.store(), [1]).await;
    handle.wait_for(position).within(Duration::from_millis(50)).await.unwrap_err();
    assert!(fails.applied().is_empty());
    handle.resume().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(handle.snapshot().pause_reason, None);
    // A restart ends a pause too.
    handle.pause().await.unwrap();
    handle.restart().await.unwrap();
    handle.wait_for(bump(&backend.store(), [2]).await).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn restart_after_unsubscribe_or_without_a_manager_is_refused() {
    let store = MemoryEventStore::new();
    let manager = || SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let first = manager();
    let seen = first.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    first.start().await.unwrap();
    first.unsubscribe("seen").await.unwrap();
    let error = seen.restart().await.unwrap_err();
    assert!(matches!(error, ManagerError::NotRunning { .. }), "{error}");
    let second = manager();
    let seen = second.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    drop(second);
    let error = seen.restart().await.unwrap_err();
    assert!(matches!(error, ManagerError::NotRunning { .. }), "{error}");
}

/// Restarts itself.
#[derive(Clone, Default)]
struct Selfish(std::sync::Arc<std::sync::OnceLock<SubscriptionHandle<Selfish>>>);

#[projection(name = "selfish", effects)]
impl Selfish {
    #[handles(Bumped)]
    async fn bumped(&self, _: &Bumped) {
        let Some(handle) = self.0.get() else { return };
        assert!(matches!(handle.restart().await, Err(ManagerError::InsideHandler(_))));
        assert!(matches!(handle.pause().await, Err(ManagerError::InsideHandler(_))));
    }
}

#[tokio::test]
async fn restart_by_its_own_handler_is_refused() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let selfish = Selfish::default();
    let handle = manager.subscribe(selfish.clone(), stops()).await.unwrap();
    assert!(selfish.0.set(handle.clone()).is_ok());
    manager.start().await.unwrap();
    handle.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    let reason = StopReason::Restarting.to_string();
    assert_eq!(reason, "it is being restarted");
}
