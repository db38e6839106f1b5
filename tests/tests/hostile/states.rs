//! States that have to be true.

use super::world::*;

#[tokio::test]
async fn state_is_not_waiting_after_the_store_answered() {
    let faults = Faults::new();
    let store = FaultyEventStore::new(MemoryEventStore::new(), &faults);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    let door = Door::shut();
    let gated = manager.subscribe(Gated::behind(&door), SubscriptionConfig::default()).await.unwrap();
    bump(&store, [1]).await;
    faults.next(Point::ReadLog, Fault::Fail, 1);
    manager.start().await.unwrap();
    door.has_waiters().await;
    let state = gated.inspect().await.state;
    assert_ne!(state.name(), "waiting", "the store has answered, and a handler is at work: {:?}", state.reason());
}
