//! Memory projections whose state stands behind an `Arc`: a copy made with `clone` shares it, and a replay into that copy
//! would count each event again.

use std::sync::{Arc, Mutex};

use eventsource::subscription::WaitError;
use eventsource_tests::domain::Bumped;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::world::*;

/// A list that all clones share.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u64>>>);

impl Shared {
    fn list(&self) -> Vec<u64> {
        self.0.lock().unwrap().clone()
    }
}

impl Serialize for Shared {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Shared {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(|list| Self(Arc::new(Mutex::new(list))))
    }
}

/// Without a truncate hook.
#[derive(Clone, Default)]
struct Unsafe {
    plan: Plan,
    list: Shared,
}

#[projection(name = "without a hook")]
impl Unsafe {
    #[handles(Bumped)]
    async fn bumped(&mut self, event: &Bumped) -> Result<(), HandlerError> {
        self.list.0.lock().unwrap().push(event.by);
        self.plan.strike(event.by).await
    }
}

/// With one.
#[derive(Clone, Default)]
struct Emptied {
    plan: Plan,
    list: Shared,
}

#[projection(name = "with a hook")]
impl Emptied {
    #[handles(Bumped)]
    async fn bumped(&mut self, event: &Bumped) -> Result<(), HandlerError> {
        self.list.0.lock().unwrap().push(event.by);
        self.plan.strike(event.by).await
    }

    #[truncate]
    fn empty(&mut self) {
        self.list.0.lock().unwrap().clear();
    }
}

/// Its state is stored.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Stored {
    list: Shared,
}

#[projection(name = "stored", snapshot)]
impl Stored {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) {
        let list = Arc::clone(&self.list.0);
        let mut list = list.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        list.push(event.by);
        drop(list);
        assert!(event.by != 102, "out of luck");
    }
}

fn manager(store: &MemoryEventStore) -> SubscriptionManager<MemoryCheckpoints> {
    SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new())
}

#[tokio::test]
async fn shared_state_without_a_truncate_hook_is_never_replayed_into() {
    let (store, plan) = (MemoryEventStore::new(), Plan::new([(102, Fault::Panic)]));
    let manager = manager(&store);
    let handle = manager.subscribe(Unsafe { plan, ..Unsafe::default() }, quick(2)).await.unwrap();
    let position = bump(&store, &[1, 102, 3]).await;
    manager.start().await.unwrap();
    let error = handle.wait_for(position).within(DEADLINE).await.unwrap_err();
    assert!(matches!(error, WaitError::Faulted { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("#[truncate]") && text.contains("behind a lock"), "{text}");
    assert_eq!(handle.read().await.list.list(), [1, 102], "no event is counted again");
}

#[tokio::test]
async fn shared_state_with_a_truncate_hook_is_emptied_before_a_replay() {
    let (store, plan) = (MemoryEventStore::new(), Plan::new([(102, Fault::Panic)]));
    let manager = manager(&store);
    let handle = manager.subscribe(Emptied { plan, ..Emptied::default() }, quick(2)).await.unwrap();
    let position = bump(&store, &[1, 102, 3]).await;
    manager.start().await.unwrap();
    handle.wait_for_passed(position).within(DEADLINE).await.unwrap();
    assert_eq!(handle.read().await.list.list(), [1, 3]);
}

#[tokio::test]
async fn stored_state_is_replayed_into_a_state_that_shares_nothing() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let handle = manager.subscribe(Stored::default(), quick(2)).await.unwrap();
    let position = bump(&store, &[1, 102, 3]).await;
    manager.start().await.unwrap();
    handle.wait_for_passed(position).within(DEADLINE).await.unwrap();
    assert_eq!(handle.read().await.list.list(), [1, 3]);
    manager.stop().await.unwrap();
}
