//! An outage of a store is waited out, visibly, and fails no event.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::testing::faults::{Fault, Faults, FaultyCheckpoints, FaultyEventStore, Point};
use eventsource_tests::domain::{Bumped, Seen, bump, note};
use eventsource_tests::wait::{DEADLINE, eventually};

/// An effect whose checkpoint is stored: what it did, in order.
#[derive(Clone, Default)]
struct Did(Arc<Mutex<Vec<u64>>>);

#[projection(effects)]
impl Did {
    #[handles(Bumped)]
    fn bumped(&self, event: &Bumped) {
        self.0.lock().unwrap().push(event.by);
    }
}

#[tokio::test]
async fn reads_that_fail_are_repeated_and_the_state_says_so() {
    let faults = Faults::new();
    let store = FaultyEventStore::new(MemoryEventStore::new(), &faults);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    faults.next(Point::ReadLog, Fault::Fail, usize::MAX);
    let position = bump(&store, 1..=3).await;
    manager.start().await.unwrap();
    eventually("it waits", || async { seen.inspect().await.state.name() == "waiting" }).await;
    let status = seen.inspect().await;
    assert!(status.state.reason().unwrap().contains("a fault was injected"));
    assert_eq!(status.events_handled, 0);
    faults.forget(Point::ReadLog);
    seen.wait_for(position).within(DEADLINE).await.unwrap();
    eventually("it is live", || async { seen.inspect().await.state.name() == "live" }).await;
    assert_eq!(seen.read().await.numbers(), [1, 2, 3]);
    assert!(
        seen.inspect().await.last_error.unwrap().contains("a fault was injected"),
        "what was overcome is still told"
    );
}

#[tokio::test]
async fn a_stop_does_not_wait_for_the_end_of_an_outage() {
    let faults = Faults::new();
    let store = FaultyEventStore::new(MemoryEventStore::new(), &faults);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    faults.next(Point::ReadLog, Fault::Fail, usize::MAX);
    manager.start().await.unwrap();
    eventually("it waits", || async { seen.inspect().await.state.name() == "waiting" }).await;
    manager.stop().await.unwrap();
    assert_eq!(seen.inspect().await.state.name(), "stopped");
}

#[tokio::test]
async fn a_commit_that_fails_is_repeated_and_one_whose_answer_is_lost_is_not() {
    let store = MemoryEventStore::new();
    let faults = Faults::new();
    let checkpoints = FaultyCheckpoints::new(MemoryCheckpoints::new(), &faults);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone());
    let did = Did::default();
    let handle = manager.subscribe(did.clone(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    for (before, after) in [(0, 1), (3, 0), (2, 1)] {
        faults.next(Point::Commit, Fault::Fail, before);
        faults.next(Point::Commit, Fault::LoseAnswer, after);
        let position = bump(&store, [1]).await;
        handle.wait_for(position).within(DEADLINE).await.unwrap();
        assert_eq!(checkpoints.load("Did").await.unwrap().unwrap().position, position);
        assert_eq!(faults.left(Point::Commit), 0);
    }
    assert_eq!(*did.0.lock().unwrap(), [1, 1, 1], "each event once: the batch was never repeated for its checkpoint");
}

#[tokio::test]
async fn a_checkpoint_that_cannot_be_saved_at_the_stop_is_told() {
    let store = MemoryEventStore::new();
    let faults = Faults::new();
    let checkpoints = FaultyCheckpoints::new(MemoryCheckpoints::new(), &faults);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone());
    let did = manager.subscribe(Did::default(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    did.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    faults.next(Point::Commit, Fault::Fail, 1);
    let passed = note(&store, 1).await;
    did.wait_for(passed).within(DEADLINE).await.unwrap();
    let error = manager.stop().await.unwrap_err();
    assert!(error.to_string().contains("`Did` stopped without saving"), "{error}");
    manager.start().await.unwrap();
    eventually("it is live again", || async { did.inspect().await.state.name() == "live" }).await;
    manager.stop().await.unwrap();
    assert_eq!(checkpoints.load("Did").await.unwrap().unwrap().position, passed);
}

/// An effect that needs a broker, which is down for so many calls.
#[derive(Clone, Default)]
struct Sends {
    down_for: Arc<AtomicU64>,
    sent: Arc<Mutex<Vec<u64>>>,
}

#[projection(effects)]
impl Sends {
    #[handles(Bumped)]
    fn bumped(&self, event: &Bumped) -> Result<(), HandlerError> {
        let is_down =
            self.down_for.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |calls| calls.checked_sub(1)).is_ok();
        if is_down && event.by == 2 {
            return Err(HandlerError::outage("the broker is down"));
        }
        self.sent.lock().unwrap().push(event.by);
        Ok(())
    }
}

#[tokio::test]
async fn outage_of_what_a_handler_needs_makes_no_dead_letter() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let sends = Sends { down_for: Arc::new(AtomicU64::new(u64::MAX)), ..Sends::default() };
    let config = SubscriptionConfig::default().retry(eventsource::subscription::RetryPolicy::never());
    let handle = manager.subscribe(sends.clone(), config).await.unwrap();
    let position = bump(&store, 1..=4).await;
    manager.start().await.unwrap();
    eventually("the state names the outage", || async {
        let status = handle.inspect().await;
        status.state.name() == "waiting" && status.state.reason().unwrap().contains("the broker is down")
    })
    .await;
    sends.down_for.store(3, Ordering::SeqCst);
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(*sends.sent.lock().unwrap(), [1, 2, 3, 4]);
    assert!(handle.inspect().await.dead_letters.unwrap() == 0);
}

#[tokio::test]
async fn outage_of_what_a_handler_needs_is_given_up_at_its_limit() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let sends = Sends { down_for: Arc::new(AtomicU64::new(u64::MAX)), ..Sends::default() };
    let config = SubscriptionConfig::default().outage_limit(Duration::from_millis(1));
    let handle = manager.subscribe(sends.clone(), config).await.unwrap();
    let position = bump(&store, 1..=2).await;
    manager.start().await.unwrap();
    handle.wait_for_passed(position).within(DEADLINE).await.unwrap();
    assert_eq!(*sends.sent.lock().unwrap(), [1]);
    assert_eq!(handle.inspect().await.dead_letters.unwrap(), 1);
}
