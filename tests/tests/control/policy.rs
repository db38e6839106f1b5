//! Faulted subscriptions that start again by themselves.

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::projection::EventSubscriber;
use eventsource::subscription::{HealthLimits, RestartPolicy, StopReason, WaitError};
use eventsource_tests::backend::Backend;
use eventsource_tests::domain::bump;
use eventsource_tests::wait::DEADLINE;

use crate::world::{Fails, is, stops};

crate::on_both! {
    faulted_subscription_starts_again_until_it_works
    faulted_subscription_gives_up_after_its_last_restart
}

const QUICK: RestartPolicy = RestartPolicy::new(3, Duration::from_millis(20), Duration::from_millis(50));
const SLOW: RestartPolicy = RestartPolicy::new(3, Duration::from_secs(3_600), Duration::from_secs(3_600));

async fn faulted_subscription_starts_again_until_it_works<B: Backend>()
where
    Fails: EventSubscriber<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let backend = B::open().await;
    let manager = backend.manager();
    let fails = Fails::times(3);
    let handle = manager.subscribe(fails.clone(), stops().restart(QUICK)).await.unwrap();
    let mut changes = handle.watch();
    manager.start().await.unwrap();
    let position = bump(&backend.store(), [1, 2, 3]).await;
    // A wait goes on while the subscription restarts.
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(fails.applied().last(), Some(&3));
    assert!(handle.snapshot().last_failure.is_some());
    is(&handle, "live").await;
    assert_eq!(changes.next().await.unwrap().state.name(), "live");
    manager.stop().await.unwrap();
}

async fn faulted_subscription_gives_up_after_its_last_restart<B: Backend>()
where
    Fails: EventSubscriber<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let backend = B::open().await;
    let manager = backend.manager();
    let fails = Fails::times(4);
    let handle = manager.subscribe(fails.clone(), stops().restart(QUICK)).await.unwrap();
    manager.start().await.unwrap();
    let position = bump(&backend.store(), [2]).await;
    let error = handle.wait_for(position).within(DEADLINE).await.unwrap_err();
    assert!(matches!(error, WaitError::Faulted { .. }), "{error}");
    assert_eq!(fails.left.load(std::sync::atomic::Ordering::SeqCst), 0, "the first run and three restarts");
    // An operator's start counts from the beginning.
    fails.left.store(3, std::sync::atomic::Ordering::SeqCst);
    manager.start_one("fails").await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
}

/// Returns a manager whose subscription waits an hour for its restart.
async fn restarting(store: &MemoryEventStore) -> (SubscriptionManager<MemoryCheckpoints>, SubscriptionHandle<Fails>) {
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let handle = manager.subscribe(Fails::times(1), stops().restart(SLOW)).await.unwrap();
    manager.start().await.unwrap();
    bump(store, [2]).await;
    is(&handle, "restarting").await;
    (manager, handle)
}

#[tokio::test]
async fn restarting_state_says_when_the_restart_comes() {
    let store = MemoryEventStore::new();
    let (manager, handle) = restarting(&store).await;
    let state = handle.snapshot().state;
    let SubscriptionState::Restarting { failure, attempt, attempts, at } = &state else { panic!("{state}") };
    assert_eq!((failure.position, *attempt, *attempts), (Position::new(1), 1, 3));
    let delay = (*at - eventsource::event::now()).to_std().unwrap();
    assert!((Duration::from_secs(1_700)..=Duration::from_secs(3_600)).contains(&delay), "{delay:?}");
    assert!(state.is_running() && state.to_string().contains("restart 1 of 3 comes at"), "{state}");
    let value = serde_json::to_value(&state).unwrap();
    assert_eq!((&value["state"], &value["attempts"]), (&"restarting".into(), &3.into()));
    let health = manager.health(HealthLimits::default());
    assert!(health.live && health.ready && health.reasons[0].contains("is restarting: "), "{health:?}");
    assert!(handle.dead_letters().retry_all().await.is_err(), "it serves no requests");
    manager.stop_within(DEADLINE).await.unwrap();
    let state = handle.snapshot().state;
    assert!(matches!(state, SubscriptionState::Stopped { reason: StopReason::ManagerStopped }), "{state}");
}

#[tokio::test]
async fn start_restart_and_pause_do_not_wait_for_the_restart() {
    for case in ["start", "start_one", "restart", "pause"] {
        let store = MemoryEventStore::new();
        let (manager, handle) = restarting(&store).await;
        match case {
            "start" => manager.start().await.unwrap(),
            "start_one" => manager.start_one("fails").await.unwrap(),
            "restart" => handle.restart().await.unwrap(),
            _ => {
                handle.pause().await.unwrap();
                assert_eq!(handle.snapshot().state.name(), "paused");
                handle.resume().await.unwrap();
            }
        }
        handle.caught_up().within(DEADLINE).await.unwrap();
        manager.stop().await.unwrap();
    }
}

#[tokio::test]
async fn restarting_subscription_that_is_cut_off_has_stopped() {
    let store = MemoryEventStore::new();
    let (manager, handle) = restarting(&store).await;
    drop(manager);
    is(&handle, "stopped").await;
    let outer = tokio::task::spawn_blocking(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (manager, handle) = runtime.block_on(restarting(&MemoryEventStore::new()));
        drop(runtime);
        (manager, handle)
    });
    let (_manager, handle) = outer.await.unwrap();
    let state = handle.snapshot().state;
    assert!(matches!(state, SubscriptionState::Stopped { reason: StopReason::RuntimeShutDown }), "{state}");
}

#[tokio::test(start_paused = true)]
async fn restarts_count_from_zero_after_a_long_run_and_a_fault_elsewhere() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let fails = Fails::times(2);
    let policy = RestartPolicy::new(2, Duration::from_secs(1), Duration::from_secs(1));
    let config = stops().restart(policy.reset_after(Duration::from_secs(60)));
    let handle = manager.subscribe(fails.clone(), config).await.unwrap();
    manager.start().await.unwrap();
    let times = |times| fails.left.store(times, std::sync::atomic::Ordering::SeqCst);
    handle.wait_for(bump(&store, [2]).await).within(DEADLINE).await.unwrap();
    tokio::time::sleep(Duration::from_secs(61)).await;
    times(2);
    handle.wait_for(bump(&store, [2]).await).within(DEADLINE).await.unwrap();
    // It did not run long enough.
    times(1);
    let error = handle.wait_for(bump(&store, [2]).await).within(DEADLINE).await.unwrap_err();
    assert!(matches!(error, WaitError::Faulted { .. }), "{error}");
}

#[tokio::test]
async fn restart_policy_out_of_its_range_is_refused_at_subscribe() {
    let millis = Duration::from_millis;
    for (policy, option) in [
        (RestartPolicy::new(0, millis(10), millis(20)), "restart"),
        (RestartPolicy::new(3, Duration::ZERO, millis(20)), "restart.first_delay"),
        (RestartPolicy::new(3, millis(30), millis(20)), "restart.max_delay"),
        (QUICK.reset_after(Duration::ZERO), "restart.reset_after"),
    ] {
        let invalid = SubscriptionConfig::default().restart(policy).invalid_options();
        assert_eq!(invalid.iter().map(|found| found.option).collect::<Vec<_>>(), [option]);
    }
    assert!(SubscriptionConfig::default().restart(RestartPolicy::never()).invalid_options().is_empty());
}
