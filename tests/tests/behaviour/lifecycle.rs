//! Start, stop, start again, subscribe while running, unsubscribe, pause, resume.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::subscription::{FailurePolicy, ManagerError, RetryPolicy, StopReason, WaitError};
use eventsource::testing::faults::{Faults, FaultyEventStore};
use eventsource_tests::domain::{Bumped, Seen, bump};
use eventsource_tests::wait::{DEADLINE, eventually};
use tokio::sync::Semaphore;

type Manager = SubscriptionManager<MemoryCheckpoints>;

fn manager(store: &MemoryEventStore) -> Manager {
    SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new())
}

#[tokio::test]
async fn restart_continues_at_the_checkpoint() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    for round in 0..5 {
        manager.start().await.unwrap();
        let position = bump(&store, [round]).await;
        seen.wait_for(position).within(DEADLINE).await.unwrap();
        manager.stop().await.unwrap();
        assert_eq!(seen.inspect().await.state.name(), "stopped");
    }
    assert_eq!(seen.read().await.numbers(), [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn starting_twice_and_stopping_twice_is_starting_and_stopping() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    manager.stop().await.unwrap();
    manager.start().await.unwrap();
    manager.start().await.unwrap();
    let position = bump(&store, [1]).await;
    seen.wait_for(position).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    manager.stop().await.unwrap();
    assert_eq!(seen.read().await.numbers(), [1]);
}

/// Waits in its handler until it is let go.
struct Slow(Arc<Semaphore>);

#[projection(effects, name = "slow")]
impl Slow {
    #[handles(Bumped)]
    async fn bumped(&self, _: &Bumped) {
        self.0.acquire().await.unwrap().forget();
    }
}

#[tokio::test]
async fn a_second_stop_waits_for_the_same_end_as_the_first() {
    let (store, gate) = (MemoryEventStore::new(), Arc::new(Semaphore::new(0)));
    let checkpoints = MemoryCheckpoints::new();
    let manager = Arc::new(SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone()));
    let slow = manager.subscribe(Slow(Arc::clone(&gate)), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    let position = bump(&store, [1]).await;
    eventually("it is in its handler", || async { slow.inspect().await.lag.is_ok_and(|lag| lag.events > 0) }).await;
    let stops: Vec<_> = (0..3)
        .map(|_| {
            let manager = Arc::clone(&manager);
            tokio::spawn(async move { manager.stop().await })
        })
        .collect();
    tokio::task::yield_now().await;
    assert!(stops.iter().all(|stop| !stop.is_finished()), "a stop returns when everything is saved");
    gate.add_permits(1);
    for stop in stops {
        tokio::time::timeout(DEADLINE, stop).await.expect("a stop ends").unwrap().unwrap();
    }
    assert_eq!(checkpoints.load("slow").await.unwrap().map(|found| found.position), Some(position));
}

#[tokio::test]
async fn a_projection_subscribed_while_running_starts_at_once() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    manager.start().await.unwrap();
    let position = bump(&store, [1, 2]).await;
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    seen.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(seen.read().await.numbers(), [1, 2]);
    let error = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap_err();
    assert!(error.to_string().contains("`seen` already"), "{error}");
}

#[tokio::test]
async fn an_unsubscribed_projection_sees_nothing_more_and_frees_its_name() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    seen.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    manager.unsubscribe("seen").await.unwrap();
    let position = bump(&store, [2]).await;
    assert!(matches!(seen.wait_for(position).within(DEADLINE).await, Err(WaitError::Stopped { .. })));
    assert_eq!(seen.read().await.numbers(), [1]);
    let again = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    again.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(again.read().await.numbers(), [1, 2]);
    let error = manager.unsubscribe("sene").await.unwrap_err();
    assert!(matches!(&error, ManagerError::Unknown { known, .. } if known.contains(&"seen".to_owned())), "{error}");
}

#[tokio::test]
async fn pause_tells_its_reason_until_the_resume() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    let reason = async || seen.inspect().await.pause_reason.map(|reason| reason.to_string());
    let refused = manager.pause_for("seen", "too early").await.unwrap_err();
    assert!(matches!(refused, ManagerError::NotRunning { .. }), "{refused}");
    manager.start().await.unwrap();
    assert_eq!(reason().await, None);
    manager.pause_for("seen", "the schema is changed").await.unwrap();
    assert_eq!(reason().await.as_deref(), Some("the schema is changed"));
    let json = serde_json::to_value(seen.inspect().await).unwrap();
    assert_eq!((&json["state"]["state"], &json["pause_reason"]), (&"paused".into(), &"the schema is changed".into()));
    manager.pause_for("seen", "it takes longer").await.unwrap();
    assert_eq!(reason().await.as_deref(), Some("it takes longer"));
    manager.resume("seen").await.unwrap();
    seen.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    assert_eq!(reason().await, None);
    manager.pause("seen").await.unwrap();
    assert_eq!(reason().await, None, "a pause without a reason");
    manager.pause_for("seen", "a stop follows").await.unwrap();
    manager.stop().await.unwrap();
    assert_eq!(reason().await, None, "it is not paused");
    manager.start().await.unwrap();
    manager.pause("seen").await.unwrap();
    assert_eq!(reason().await, None, "a start forgets the reason");
}

#[tokio::test]
async fn one_subscription_starts_and_stops_by_its_name_while_others_stay() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let config = |name: &str| SubscriptionConfig::default().name(name);
    let one = manager.subscribe(Seen::default(), config("one")).await.unwrap();
    let other = manager.subscribe(Seen::default(), config("other")).await.unwrap();
    manager.start_one("one").await.unwrap();
    manager.start_one("one").await.unwrap();
    one.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    assert_eq!(other.inspect().await.state.name(), "idle");
    let later = manager.subscribe(Seen::default(), config("later")).await.unwrap();
    assert_eq!(later.inspect().await.state.name(), "idle", "the manager was not started");

    manager.start().await.unwrap();
    other.wait_for(bump(&store, [2]).await).within(DEADLINE).await.unwrap();
    manager.stop_one("one").await.unwrap();
    manager.stop_one("one").await.unwrap();
    let state = one.inspect().await.state;
    assert!(matches!(state, SubscriptionState::Stopped { reason: StopReason::StoppedByName }), "{state}");
    let last = bump(&store, [3]).await;
    other.wait_for(last).within(DEADLINE).await.unwrap();
    later.wait_for(last).within(DEADLINE).await.unwrap();
    assert_eq!(one.read().await.numbers(), [1, 2]);
    manager.start_one("one").await.unwrap();
    one.wait_for(last).within(DEADLINE).await.unwrap();
    assert_eq!(one.read().await.numbers(), [1, 2, 3]);
    for refused in [manager.start_one("none").await, manager.stop_one("none").await] {
        assert!(matches!(refused, Err(ManagerError::Unknown { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_pause_stops_delivery_and_a_resume_loses_nothing() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    assert!(matches!(manager.pause("seen").await, Err(ManagerError::NotRunning { .. })));
    manager.start().await.unwrap();
    seen.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    manager.pause("seen").await.unwrap();
    let position = bump(&store, [2, 3]).await;
    let status = seen.inspect().await;
    assert_eq!(status.state.name(), "paused");
    assert!(status.state.reason().is_some());
    assert_eq!(status.lag.unwrap().events, 2, "the lag is measured against the log, also while paused");
    let waited = seen.wait_for(position).within(Duration::from_millis(50)).await;
    assert!(matches!(waited, Err(WaitError::Deadline { .. })), "{waited:?}");
    assert_eq!(seen.read().await.numbers(), [1]);
    manager.resume("seen").await.unwrap();
    seen.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(seen.read().await.numbers(), [1, 2, 3]);
    manager.pause("seen").await.unwrap();
    manager.stop().await.unwrap();
    assert_eq!(seen.inspect().await.state.name(), "stopped", "a stop does not wait for a resume");
    manager.start().await.unwrap();
    seen.wait_for(bump(&store, [4]).await).within(DEADLINE).await.unwrap();
}

#[tokio::test]
async fn without_wake_ups_the_poll_finds_what_was_stored() {
    let store = FaultyEventStore::new(MemoryEventStore::new(), &Faults::new()).silent();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let config = SubscriptionConfig::default().poll_interval(Duration::from_millis(20));
    let seen = manager.subscribe(Seen::default(), config).await.unwrap();
    manager.start().await.unwrap();
    seen.caught_up().within(DEADLINE).await.unwrap();
    for n in 0..5 {
        seen.wait_for(bump(&store, [n]).await).within(DEADLINE).await.unwrap();
    }
    assert_eq!(seen.read().await.numbers(), [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn a_published_event_only_wakes() {
    let store = FaultyEventStore::new(MemoryEventStore::new(), &Faults::new()).silent();
    let bus = MemoryEventBus::new();
    let manager = SubscriptionManager::new(store.clone(), bus.clone(), MemoryCheckpoints::new());
    let config = SubscriptionConfig::default().poll_interval(Duration::from_secs(3_600));
    let seen = manager.subscribe(Seen::default(), config).await.unwrap();
    manager.start().await.unwrap();
    seen.caught_up().within(DEADLINE).await.unwrap();

    // Elsewhere, never appended here: it delivers nothing, and the wake-up finds what was.
    let elsewhere = MemoryEventStore::new();
    let ghost = {
        let events = vec![NewEvent::of(&Bumped { by: 666 }).unwrap()];
        let stream = StreamId::new("Counter", uuid::Uuid::now_v7());
        elsewhere.append(&stream, ExpectedVersion::Any, events).await.unwrap()
    };
    let position = bump(&store, [1]).await;
    let publishers: Vec<_> = (0..10)
        .map(|_| {
            let (bus, ghost) = (bus.clone(), ghost.clone());
            tokio::spawn(async move { bus.publish(ghost.events()).await })
        })
        .collect();
    for publisher in publishers {
        publisher.await.unwrap().unwrap();
    }
    seen.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(seen.read().await.numbers(), [1], "ten publishers of a ghost deliver the one stored event once");
}

#[tokio::test]
async fn dropping_the_manager_stops_its_subscriptions() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    seen.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    drop(manager);
    eventually("the runner hears of it", || async { seen.inspect().await.state.name() == "stopped" }).await;
    bump(&store, [2]).await;
    assert_eq!(seen.read().await.numbers(), [1]);
}

/// Holds the runner in its handler until it is let go, and counts the calls.
#[derive(Clone)]
struct Gate {
    open: Arc<Semaphore>,
    calls: Arc<AtomicU64>,
    seen: Vec<u64>,
}

impl Gate {
    fn new() -> Self {
        Self { open: Arc::new(Semaphore::new(0)), calls: Arc::default(), seen: Vec::new() }
    }
}

#[projection]
impl Gate {
    #[handles(Bumped)]
    async fn bumped(&mut self, event: &Bumped) -> Result<(), HandlerError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.open.acquire().await?.forget();
        self.seen.push(event.by);
        Ok(())
    }
}

/// The handlers of the batch that is being applied come to their end, and no other one is called.
#[tokio::test]
async fn pause_within_a_batch_takes_effect_after_the_batch() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let gate = Gate::new();
    let config = SubscriptionConfig::default().batch_size(2);
    let handle = manager.subscribe(gate.clone(), config).await.unwrap();
    let position = bump(&store, [1, 2, 3, 4]).await;
    manager.start().await.unwrap();
    eventually("the handler is called", || async { gate.calls.load(Ordering::SeqCst) == 1 }).await;
    let (paused, ()) = tokio::join!(manager.pause("Gate"), async { gate.open.add_permits(4) });
    paused.unwrap();
    assert_eq!(handle.inspect().await.state.name(), "paused");
    assert_eq!(handle.read().await.seen, [1, 2]);
    assert_eq!(gate.calls.load(Ordering::SeqCst), 2);
    manager.resume("Gate").await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(handle.read().await.seen, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_stop_that_is_given_up_half_way_leaves_one_runner_and_not_two() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let gate = Gate::new();
    let handle = manager.subscribe(gate.clone(), SubscriptionConfig::default()).await.unwrap();
    let position = bump(&store, [1, 2, 3]).await;
    manager.start().await.unwrap();
    eventually("the handler is called", || async { gate.calls.load(Ordering::SeqCst) == 1 }).await;
    let given_up = tokio::time::timeout(Duration::from_millis(20), manager.stop()).await;
    assert!(given_up.is_err(), "the handler holds the runner");
    let (started, ()) = tokio::join!(manager.start(), async { gate.open.add_permits(3) });
    started.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    let position = bump(&store, [4, 5, 6]).await;
    gate.open.add_permits(3);
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(handle.read().await.seen, [1, 2, 3, 4, 5, 6]);
    manager.stop().await.unwrap();
    bump(&store, [7]).await;
    gate.open.add_permits(1);
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(gate.calls.load(Ordering::SeqCst), 7, "a runner that was left over would have called as well");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_right_after_a_fault_starts() {
    for _ in 0..300 {
        let store = MemoryEventStore::new();
        let manager = manager(&store);
        let gate = Gate::new();
        gate.open.close();
        let config = SubscriptionConfig::default().retry(RetryPolicy::never()).on_failure(FailurePolicy::Stop);
        let handle = manager.subscribe(gate.clone(), config).await.unwrap();
        let position = bump(&store, [1]).await;
        manager.start().await.unwrap();
        handle.wait_for(position).within(DEADLINE).await.unwrap_err();
        manager.start().await.unwrap();
        eventually("the handler is called again", || async { gate.calls.load(Ordering::SeqCst) == 2 }).await;
    }
}
