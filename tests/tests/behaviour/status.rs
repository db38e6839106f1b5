//! What a subscription tells of itself, and when its checkpoint is saved.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::projection::{Claim, Guarantee};
use eventsource::testing::faults::{Fault, Faults, FaultyEventStore, Point};
use eventsource_tests::domain::{Bumped, Seen, bump, note};
use eventsource_tests::wait::{DEADLINE, eventually};

/// An effect: its checkpoint is stored.
#[derive(Clone, Default)]
struct Counts(Arc<AtomicUsize>);

#[projection(effects)]
impl Counts {
    #[handles(Bumped)]
    fn bumped(&self, _: &Bumped) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn status_has_state_position_lag_and_guarantee() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    let counts = manager.subscribe(Counts::default(), SubscriptionConfig::default()).await.unwrap();
    bump(&store, [1, 2]).await;
    let position = note(&store, 1).await;

    let before = seen.inspect().await;
    assert_eq!((before.name.as_str(), before.state.name()), ("seen", "idle"));
    assert_eq!((before.position, before.lag.unwrap().events), (None, 3));
    assert!(before.state.reason().is_some());

    manager.start().await.unwrap();
    seen.caught_up().within(DEADLINE).await.unwrap();
    counts.caught_up().within(DEADLINE).await.unwrap();
    eventually("both are live", || async {
        manager.inspect_all().await.iter().all(|status| status.state.name() == "live")
    })
    .await;
    let statuses = manager.inspect_all().await;
    assert_eq!(statuses.iter().map(|status| status.name.as_str()).collect::<Vec<_>>(), ["Counts", "seen"]);
    assert_eq!(statuses[0].guarantee, Guarantee::AtLeastOnce);
    assert_eq!(statuses[1].guarantee, Guarantee::ExactlyOnceInProcess);
    for status in statuses {
        assert_eq!((status.position, status.events_handled), (Some(position), 2));
        let lag = status.lag.unwrap();
        assert_eq!((lag.events, lag.time), (0, Duration::ZERO));
        assert!(status.last_error.is_none() && status.state.reason().is_none());
    }
    assert!(manager.inspect("unknown").await.is_err());
}

#[tokio::test]
async fn the_lag_in_time_is_the_age_of_the_first_event_not_passed() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    bump(&store, [1]).await;
    let first = store.read_log(Position::START, &EventFilter::all(), PageLimit::events(1)).await.unwrap().events[0]
        .recorded_at();
    eventually("time passes", || async { seen.inspect().await.lag.unwrap().time > Duration::from_millis(20) }).await;
    bump(&store, [2]).await;
    let lag = seen.inspect().await.lag.unwrap();
    let age = (eventsource::event::now() - first).to_std().unwrap();
    assert!(lag.time <= age && lag.events == 2, "{lag:?}, {age:?}");
}

#[tokio::test]
async fn a_checkpoint_over_foreign_events_is_saved_within_a_second_or_at_the_stop() {
    let store = MemoryEventStore::new();
    let checkpoints = MemoryCheckpoints::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone());
    let counts = manager.subscribe(Counts::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    let own = bump(&store, [1]).await;
    counts.wait_for(own).within(DEADLINE).await.unwrap();
    let at = |position| {
        let checkpoints = checkpoints.clone();
        async move { checkpoints.load("Counts").await.unwrap().unwrap().position == position }
    };
    assert!(at(own).await, "its own event moves the checkpoint in the batch");

    let mut saves = 0;
    let mut last = own;
    for _ in 0..20 {
        let passed = note(&store, 1).await;
        counts.wait_for(passed).within(DEADLINE).await.unwrap();
        let now = checkpoints.load("Counts").await.unwrap().unwrap().position;
        saves += usize::from(now != last);
        last = now;
    }
    assert!(saves <= 1, "20 foreign events in a moment moved the stored checkpoint {saves} times");
    let head = store.head().await.unwrap();
    eventually("it is saved without anything else happening", || at(head)).await;

    let passed = note(&store, 1).await;
    counts.wait_for(passed).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    assert!(at(passed).await, "a stop saves it");
}

#[tokio::test]
async fn checkpoints_are_loaded_by_name_and_listed() {
    let store = MemoryEventStore::new();
    let checkpoints = MemoryCheckpoints::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone());
    let mut handles = Vec::new();
    for name in ["b", "a"] {
        let config = SubscriptionConfig::default().name(name);
        handles.push(manager.subscribe(Counts::default(), config).await.unwrap());
    }
    assert!(checkpoints.list().await.unwrap().is_empty());
    manager.start().await.unwrap();
    for handle in &handles {
        handle.caught_up().within(DEADLINE).await.unwrap();
    }
    manager.stop().await.unwrap();
    let all = checkpoints.list().await.unwrap();
    assert_eq!(all.iter().map(|checkpoint| checkpoint.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let a = checkpoints.load("a").await.unwrap().unwrap();
    assert_eq!((a.epoch, a.fingerprint.as_str()), (1, "Counts v1: Bumped"));
    assert!(checkpoints.load("c").await.unwrap().is_none());
}

#[tokio::test]
async fn a_second_runner_under_one_name_stands_by_until_the_first_is_fenced() {
    let store = MemoryEventStore::new();
    let checkpoints = MemoryCheckpoints::new();
    let manager = || SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone());
    let (one, two) = (manager(), manager());
    let first = one.subscribe(Counts::default(), SubscriptionConfig::default()).await.unwrap();
    let second = two.subscribe(Counts::default(), SubscriptionConfig::default()).await.unwrap();
    one.start().await.unwrap();
    first.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    two.start().await.unwrap();
    eventually("the second one stands by", || async { second.inspect().await.state.name() == "standing by" }).await;
    let reason = second.inspect().await.state.reason().unwrap();
    assert!(reason.contains(&format!("process {} on", std::process::id())), "it says who runs it: {reason}");
    first.wait_for(bump(&store, [2]).await).within(DEADLINE).await.unwrap();
    // Without asking for a lease: as an operator does who knows that the first one is gone.
    checkpoints.claim(&Claim::new("Counts", "Counts v1: Bumped", Position::START)).await.unwrap();
    let position = bump(&store, [3]).await;
    second.wait_for(position).within(DEADLINE).await.unwrap();
    eventually("the first one is fenced", || async { first.inspect().await.state.name() == "fenced" }).await;
    let reason = first.inspect().await.state.reason().unwrap();
    assert!(reason.contains("taken"), "{reason}");
    assert_eq!(second.inspect().await.state.name(), "live");
    assert_eq!(second.inspect().await.events_handled, 1, "it went on where the first one was");
}

#[tokio::test]
async fn a_view_does_not_change_and_does_not_stop_the_runner() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    seen.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    let view = seen.read().await;
    seen.wait_for(bump(&store, [2]).await).within(DEADLINE).await.unwrap();
    assert_eq!(view.numbers(), [1]);
    assert_eq!(seen.read().await.numbers(), [1, 2]);
    assert_eq!(seen.with(|seen| seen.bumps.len()).await, 2);
}

/// Counting the events ahead costs time: only a status does it.
#[tokio::test]
async fn a_backlog_is_measured_for_a_status_and_for_nothing_else() {
    let faults = Faults::new();
    let store = FaultyEventStore::new(MemoryEventStore::new(), &faults);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    faults.next(Point::Backlog, Fault::Fail, 1);
    let config = SubscriptionConfig::default().batch_size(2);
    let seen = manager.subscribe(Seen::default(), config).await.unwrap();
    bump(&store, 0..50).await;
    manager.start().await.unwrap();
    seen.caught_up().within(DEADLINE).await.unwrap();
    seen.wait_for(bump(&store, [50]).await).within(DEADLINE).await.unwrap();
    assert!(seen.inspect().await.lag.is_err(), "an earlier status would have met the failure");
    assert!(seen.inspect().await.lag.is_ok());
    manager.stop().await.unwrap();
}
