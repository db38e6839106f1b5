//! What an inspection says if a store does not answer.

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::testing::faults::{Fault, Faults, FaultyCheckpoints, FaultyEventStore, Point};
use eventsource_tests::domain::bump;
use eventsource_tests::wait::DEADLINE;

use crate::world::{Fails, is};

#[tokio::test]
async fn letters_of_a_standby_are_unknown_if_the_checkpoint_store_does_not_answer() {
    let (store, checkpoints) = (MemoryEventStore::new(), MemoryCheckpoints::new());
    let faults = Faults::new();
    let one = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone());
    let two =
        SubscriptionManager::new(store.clone(), MemoryEventBus::new(), FaultyCheckpoints::new(checkpoints, &faults));
    let config = || SubscriptionConfig::default().lease(Duration::from_secs(60));
    let owner = one.subscribe(Fails::times(1), config()).await.unwrap();
    one.start().await.unwrap();
    bump(&store, [2, 1]).await;
    owner.caught_up().within(DEADLINE).await.unwrap();
    let standby = two.subscribe(Fails::default(), config()).await.unwrap();
    two.start().await.unwrap();
    is(&standby, "standing by").await;
    assert_eq!(standby.snapshot().dead_letters, None, "only the owner knows them");
    let status = standby.inspect().await;
    assert_eq!((status.dead_letters.unwrap(), status.events_held.unwrap()), (1, 1));

    faults.next(Point::DeadLetters, Fault::Fail, usize::MAX);
    let status = two.inspect("fails").await.unwrap();
    assert!(status.dead_letters.is_err() && status.events_held.is_err(), "it does not say 0: {status:?}");
    assert_eq!(status.lag.as_ref().unwrap().events, 0, "the event store answers");
    let value = serde_json::to_value(&status).unwrap();
    assert!(value["dead_letters"]["error"].is_string() && value["events_held"]["error"].is_string(), "{value}");
    assert_eq!(owner.inspect().await.dead_letters.unwrap(), 1, "the owner needs no store");
    two.stop().await.unwrap();
    one.stop().await.unwrap();
}

#[tokio::test]
async fn unknown_types_and_backlogs_are_asked_once_for_a_manager() {
    let faults = Faults::new();
    let store = FaultyEventStore::new(MemoryEventStore::new(), &faults);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    for name in ["one", "two", "three"] {
        manager.subscribe(Fails::default(), SubscriptionConfig::default().name(name)).await.unwrap();
    }
    bump(&store, [1]).await;
    faults.next(Point::TypesBeside, Fault::Fail, 10);
    let statuses = manager.inspect_all().await;
    assert!(statuses.len() == 3 && statuses.iter().all(|status| status.unknown_types.is_err()), "{statuses:?}");
    assert_eq!(faults.left(Point::TypesBeside), 9, "one call for all three");
    faults.forget(Point::TypesBeside);
    faults.next(Point::Backlog, Fault::Fail, 1);
    let statuses = manager.inspect_all().await;
    assert!(statuses.iter().all(|status| status.lag.is_err() && status.unknown_types.is_ok()), "{statuses:?}");
}
