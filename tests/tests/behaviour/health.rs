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
async fn a_service_is_ready_when_it_is_current_and_says_why_it_is_not() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    let config = SubscriptionConfig::default().on_failure(FailurePolicy::Stop);
    let hangs = manager.subscribe(Hangs::default(), config).await.unwrap();
    let health = manager.health(HealthLimits::default()).await;
    assert!(health.live && !health.ready && health.reasons.len() == 2, "nothing has started: {health:?}");
    manager.start().await.unwrap();
    let position = bump(&store, [1]).await;
    seen.wait_for(position).within(DEADLINE).await.unwrap();
    hangs.wait_for(position).within(DEADLINE).await.unwrap();
    let health = manager.health(HealthLimits::default()).await;
    assert!(health.live && health.ready && health.reasons.is_empty(), "{health:?}");
    hangs.wait_for(bump(&store, [3]).await).within(DEADLINE).await.unwrap_err();
    let health = manager.health(HealthLimits::default()).await;
    assert!(health.live && !health.ready, "{health:?}");
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
    eventually("it is behind", || async { !manager.health(limits).await.ready }).await;
    let health = manager.health(limits).await;
    assert!(health.live && health.reasons[0].contains("4 events"), "{health:?}");
    // Both limits have to be kept; before, one of them was enough.
    assert!(manager.health(HealthLimits::new(4, DEADLINE * 10)).await.ready);
    assert!(!manager.health(HealthLimits::new(4, Duration::ZERO)).await.ready);
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
    eventually("it hangs", || async { hangs.status().await.lag.is_ok_and(|lag| lag.events > 0) }).await;
    let stopped = tokio::time::timeout(Duration::from_secs(20), manager.stop_within(Duration::from_millis(50))).await;
    let error = stopped.expect("the stop ends").unwrap_err();
    assert!(matches!(&error, ManagerError::Deadline { subscriptions, .. } if *subscriptions == ["hangs"]), "{error}");
    let state = hangs.status().await.state;
    assert!(matches!(state, SubscriptionState::Stopped { reason: StopReason::DeadlinePassed }), "{state}");
    manager.stop_within(Duration::from_secs(20)).await.unwrap();
}

/// Probes say what the subscriptions know, while no store answers.
#[tokio::test]
async fn probe_asks_nothing_of_the_stores() {
    let faults = Faults::new();
    let log = MemoryEventStore::new();
    let store = FaultyEventStore::new(log.clone(), &faults);
    let checkpoints = FaultyCheckpoints::new(MemoryCheckpoints::new(), &faults);
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
    let limits = HealthLimits::new(2, DEADLINE);
    assert!(manager.probe(limits).ready, "nothing is subscribed");
    let hangs = manager.subscribe(Hangs::default(), SubscriptionConfig::default()).await.unwrap();
    let probe = manager.probe(limits);
    assert!(probe.live && !probe.ready && probe.age.is_none(), "{probe:?}");
    manager.start().await.unwrap();
    let position = bump(&log, [1]).await;
    hangs.wait_for(position).within(DEADLINE).await.unwrap();
    let points = [Point::Head, Point::Backlog, Point::TypesBeside, Point::Load, Point::List, Point::DeadLetters];
    points.into_iter().for_each(|point| faults.next(point, Fault::Fail, usize::MAX));
    let probe = manager.probe(limits);
    assert!(probe.live && probe.ready && probe.age.is_some(), "{probe:?}");
    assert!(!manager.health(limits).await.ready, "the store does not answer");
    bump(&log, [2, 4, 5, 6]).await;
    eventually("the probe tells of it", || async { !manager.probe(limits).ready }).await;
    let probe = manager.probe(limits);
    assert!(probe.reasons[0].starts_with("`hangs` is 4 events and"), "{probe:?}");
    drop(manager.stop_within(Duration::from_millis(10)).await);
}
