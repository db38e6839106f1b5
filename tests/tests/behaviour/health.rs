//! Probes, and a stop that does not wait for ever.

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::subscription::{FailurePolicy, HealthLimits, ManagerError, StopReason};
use eventsource::testing::faults::{Fault, Faults, FaultyCheckpoints, FaultyEventStore, Point};
use eventsource_tests::domain::{Bumped, Seen, bump};
use eventsource_tests::wait::{DEADLINE, eventually};

/// Hangs at 2, and fails at 3.
#[derive(Clone, Default)]
struct Hangs(Vec<u64>);

#[projection(name = "hangs")]
impl Hangs {
    #[handles(Bumped)]
    async fn bumped(&mut self, event: &Bumped) -> Result<(), HandlerError> {
        match event.by {
            2 => std::future::pending::<()>().await,
            3 => return Err(HandlerError::permanent("never")),
            by => self.0.push(by),
        }
        Ok(())
    }
}

#[tokio::test]
async fn service_is_ready_when_it_is_current_and_says_why_it_is_not() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    let config = SubscriptionConfig::default().on_failure(FailurePolicy::Stop);
    let hangs = manager.subscribe(Hangs::default(), config).await.unwrap();
    let health = manager.health(HealthLimits::default());
    assert!(health.live && !health.ready && health.reasons.len() == 2, "nothing has started: {health:?}");
    manager.start().await.unwrap();
    let position = bump(&store, [1]).await;
    seen.wait_for(position).within(DEADLINE).await.unwrap();
    hangs.wait_for(position).within(DEADLINE).await.unwrap();
    let health = manager.health(HealthLimits::default());
    assert!(health.live && health.ready && health.reasons.is_empty(), "{health:?}");
    hangs.wait_for(bump(&store, [3]).await).within(DEADLINE).await.unwrap_err();
    let health = manager.health(HealthLimits::default());
    assert!(health.live && health.ready, "a fault does not take the process out of the balancer: {health:?}");
    assert!(health.reasons[0].starts_with("`hangs` is faulted: event `Bumped` at position 2"), "{health:?}");
}

#[tokio::test]
async fn subscription_too_far_behind_is_not_ready() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    manager.subscribe(Hangs::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    bump(&store, [2, 4, 5, 6]).await;
    let limits = HealthLimits::new(2, DEADLINE * 10);
    let tells = || async { manager.health(limits).reasons.iter().any(|reason| reason.contains("4 events")) };
    eventually("it tells that it is behind", tells).await;
    let health = manager.health(limits);
    assert!(health.live && !health.ready, "{health:?}");
    // Both limits have to be kept; before, one of them was enough.
    assert!(manager.health(HealthLimits::new(4, DEADLINE * 10)).ready);
    assert!(!manager.health(HealthLimits::new(4, Duration::ZERO)).ready);
    drop(manager.stop_within(Duration::from_millis(10)).await);
}

#[tokio::test]
async fn a_stop_with_a_deadline_cuts_off_what_hangs_and_says_so() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    let hangs = manager.subscribe(Hangs::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    seen.wait_for(bump(&store, [1, 2, 4]).await).within(DEADLINE).await.unwrap();
    eventually("it hangs", || async { hangs.inspect().await.lag.is_ok_and(|lag| lag.events > 0) }).await;
    let stopped = tokio::time::timeout(Duration::from_secs(20), manager.stop_within(Duration::from_millis(50))).await;
    let error = stopped.expect("the stop ends").unwrap_err();
    assert!(matches!(&error, ManagerError::Deadline { subscriptions, .. } if *subscriptions == ["hangs"]), "{error}");
    let state = hangs.inspect().await.state;
    assert!(matches!(state, SubscriptionState::Stopped { reason: StopReason::DeadlinePassed }), "{state}");
    manager.stop_within(Duration::from_secs(20)).await.unwrap();
}

const POINTS: [Point; 17] = [
    Point::ReadStream,
    Point::ReadLog,
    Point::Head,
    Point::LogId,
    Point::LastEvent,
    Point::Backlog,
    Point::TypesBeside,
    Point::Event,
    Point::Streams,
    Point::Load,
    Point::List,
    Point::Claim,
    Point::Renew,
    Point::DeadLetters,
    Point::Snapshot,
    Point::Begin,
    Point::Append,
];

/// Returns the answer of `ask`, which must not call a store. No other task runs meanwhile.
fn without_a_call<T>(faults: &Faults, ask: impl FnOnce() -> T) -> T {
    POINTS.into_iter().for_each(|point| faults.next(point, Fault::Fail, 1_000));
    let answer = ask();
    assert_eq!(POINTS.map(|point| faults.left(point)), [1_000; POINTS.len()], "calls of a store");
    POINTS.into_iter().for_each(|point| faults.forget(point));
    answer
}

#[tokio::test]
async fn health_and_snapshots_call_no_store() {
    let faults = Faults::new();
    let log = MemoryEventStore::new();
    let store = FaultyEventStore::new(log.clone(), &faults);
    let checkpoints = FaultyCheckpoints::new(MemoryCheckpoints::new(), &faults);
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
    let limits = HealthLimits::new(2, DEADLINE);
    assert!(without_a_call(&faults, || manager.health(limits)).ready, "nothing is subscribed");
    let hangs = manager.subscribe(Hangs::default(), SubscriptionConfig::default()).await.unwrap();
    let health = without_a_call(&faults, || manager.health(limits));
    assert!(health.live && !health.ready && health.age.is_none(), "{health:?}");
    let snapshot = without_a_call(&faults, || hangs.snapshot());
    assert_eq!((snapshot.state.name(), snapshot.position, snapshot.lag), ("idle", None, None));
    manager.start().await.unwrap();
    let position = bump(&log, [1]).await;
    hangs.wait_for(position).within(DEADLINE).await.unwrap();
    let health = without_a_call(&faults, || manager.health(limits));
    assert!(health.live && health.ready && health.age.is_some(), "{health:?}");
    let snapshots = without_a_call(&faults, || manager.snapshots());
    assert_eq!((snapshots.len(), snapshots[0].position), (1, Some(position)));
    assert!(without_a_call(&faults, || manager.snapshot("unknown")).is_err());
    drop(manager.stop_within(Duration::from_millis(10)).await);
}

#[tokio::test]
async fn health_of_a_hanging_handler_says_how_far_it_is_behind() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let hangs = manager.subscribe(Hangs::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    hangs.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    let limits = HealthLimits::new(2, DEADLINE);
    bump(&store, [2, 4, 5, 6]).await;
    let starts = |reason: &String| reason.starts_with("`hangs` is 4 events and");
    eventually("health tells of it", || async { manager.health(limits).reasons.iter().any(starts) }).await;
    assert!(!manager.health(limits).ready);
    drop(manager.stop_within(Duration::from_millis(10)).await);
}

/// Subscribes [`Hangs`] as `name`.
async fn hanging(manager: &SubscriptionManager<MemoryCheckpoints>, config: SubscriptionConfig, name: &str) {
    manager.subscribe(Hangs::default(), config.name(name)).await.unwrap();
}

#[tokio::test]
async fn readiness_depends_on_the_named_subscriptions_only() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let gate = SubscriptionConfig::default().gates_readiness();
    let seen = manager.subscribe(Seen::default(), gate.clone()).await.unwrap();
    hanging(&manager, SubscriptionConfig::default(), "slow").await;
    manager.start().await.unwrap();
    seen.wait_for(bump(&store, [2, 4, 5]).await).within(DEADLINE).await.unwrap();
    let limits = HealthLimits::new(0, DEADLINE);
    let health = manager.health(limits);
    assert!(health.live && health.ready, "{health:?}");
    assert!(health.reasons[0].starts_with("`slow` is 3 events and"), "it is reported nevertheless: {health:?}");
    let gates: Vec<_> =
        health.subscriptions.iter().map(|each| (&*each.name, each.gates_readiness, each.ready)).collect();
    assert_eq!(gates, [("seen", true, true), ("slow", false, false)]);
    hanging(&manager, gate, "named").await;
    eventually("the named one is behind", || async { !manager.health(limits).ready }).await;
    drop(manager.stop_within(Duration::from_millis(10)).await);
}

#[tokio::test]
async fn pause_and_stop_by_name_are_reported_and_leave_the_process_ready() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default().gates_readiness()).await.unwrap();
    let other = manager.subscribe(Seen::default(), SubscriptionConfig::default().name("other")).await.unwrap();
    manager.start().await.unwrap();
    seen.caught_up().within(DEADLINE).await.unwrap();
    manager.pause("seen").await.unwrap();
    other.wait_for(bump(&store, [1, 2, 3]).await).within(DEADLINE).await.unwrap();
    let limits = HealthLimits::new(0, Duration::ZERO);
    let health = manager.health(limits);
    assert!(health.live && health.ready, "it is behind because an operator wanted it: {health:?}");
    assert_eq!(health.reasons, ["`seen` is paused: it was paused, and waits to be resumed"]);
    manager.resume("seen").await.unwrap();
    seen.caught_up().within(DEADLINE).await.unwrap();
    eventually("nothing is reported", || async { manager.health(limits).reasons.is_empty() }).await;
    manager.stop_one("seen").await.unwrap();
    let health = manager.health(limits);
    assert!(health.live && health.ready && health.reasons[0].contains("stopped by its name"), "{health:?}");
    manager.stop().await.unwrap();
    manager.start().await.unwrap();
    manager.stop().await.unwrap();
    assert!(!manager.health(limits).ready, "a process that stops takes no requests");
}
