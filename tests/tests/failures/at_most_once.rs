//! Effects that happen at most once: no handler is called twice by itself.

use std::sync::{Arc, Mutex};

use eventsource::prelude::*;
use eventsource::projection::{Guarantee, LetterState};
use eventsource::subscription::FailurePolicy;
use eventsource_tests::domain::{Bumped, bump, note};
use eventsource_tests::wait::DEADLINE;

/// Notes each call, and fails for some numbers.
#[derive(Clone, Default)]
struct Once {
    calls: Arc<Mutex<Vec<u64>>>,
    works: Arc<Mutex<bool>>,
}

#[projection(name = "once", effects, at_most_once)]
impl Once {
    #[handles(Bumped)]
    async fn call(&self, event: &Bumped) -> Result<(), HandlerError> {
        self.calls.lock().unwrap().push(event.by);
        match event.by {
            _ if *self.works.lock().unwrap() => Ok(()),
            13 => Err(HandlerError::transient("a transient failure")),
            14 => Err(HandlerError::outage("the receiver is down")),
            _ => Ok(()),
        }
    }
}

#[tokio::test]
async fn failed_event_becomes_a_letter_at_once_and_an_operator_can_retry_it() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let once = Once::default();
    let handle = manager.subscribe(once.clone(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    for number in [1, 13, 2, 14, 3] {
        note(&store, 2).await;
        bump(&store, [number]).await;
    }
    handle.caught_up().within(DEADLINE).await.unwrap();
    let status = handle.inspect().await;
    assert_eq!(status.guarantee, Guarantee::AtMostOnce);
    let calls = || once.calls.lock().unwrap().clone();
    let letters = handle.dead_letters().list().await.unwrap();
    assert_eq!(letters.len(), 1, "{letters:?}");
    // All bumps are in one stream: the later ones wait behind the letter.
    assert_eq!(calls(), [1, 13]);
    assert_eq!((letters[0].attempts, &letters[0].state, letters[0].held), (1, &LetterState::Waiting, 3));

    *once.works.lock().unwrap() = true;
    let report = handle.dead_letters().retry_all().await.unwrap();
    assert_eq!((report.applied, report.left.len()), (4, 0));
    assert_eq!(calls(), [1, 13, 13, 2, 14, 3]);
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn subscription_that_stops_at_a_failure_goes_on_after_it() {
    let store = MemoryEventStore::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let once = Once::default();
    let config = SubscriptionConfig::default().on_failure(FailurePolicy::Stop);
    let handle = manager.subscribe(once.clone(), config).await.unwrap();
    bump(&store, [1, 14, 2]).await;
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap_err();
    assert_eq!(*once.calls.lock().unwrap(), [1, 14]);
    manager.stop().await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(*once.calls.lock().unwrap(), [1, 14, 2]);
}
