//! Panics, and ends in odd places.

use super::world::*;

/// Is copied once, when it is subscribed.
struct PanicsAsItIsCopied(bool);

impl Clone for PanicsAsItIsCopied {
    fn clone(&self) -> Self {
        assert!(!self.0, "no copies");
        Self(true)
    }
}

#[projection(memory, name = "copied")]
impl PanicsAsItIsCopied {
    #[handles(Bumped)]
    fn bumped(&mut self, _: &Bumped) {
        self.0 = true;
    }
}

#[tokio::test]
async fn a_panic_outside_a_handler_is_not_told_as_the_end_of_the_runtime() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let handle = manager.subscribe(PanicsAsItIsCopied(false), quick(2)).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(bump(&store, [1]).await).await.unwrap();
    let _view = handle.read().await;
    let position = bump(&store, [2]).await;
    let error = handle.wait_for(position).await.unwrap_err().to_string();
    assert!(!error.contains("runtime"), "the runtime lives, and it says: {error}");
}

#[test]
fn a_runtime_that_ends_in_a_batch_does_not_double_memory() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let door = Door::shut();
    door.open.add_permits(2);
    let first = runtime();
    let (gated, position) = first.block_on(async {
        let gated = manager.subscribe(Gated::behind(&door), SubscriptionConfig::default()).await.unwrap();
        let position = bump(&store, [1, 2, 3]).await;
        manager.start().await.unwrap();
        eventually("the third stands before the door", || async { door.entered.load(Ordering::SeqCst) == 3 }).await;
        (gated, position)
    });
    drop(first);
    door.open();
    runtime().block_on(async {
        manager.start().await.unwrap();
        gated.wait_for(position).await.unwrap();
        assert_eq!(gated.read().await.applied, [1, 2, 3], "exactly once in this process");
    });
}

#[test]
fn a_manager_started_on_another_runtime_subscribes_there() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    runtime().block_on(manager.start()).unwrap();
    runtime().block_on(async {
        manager.start().await.unwrap();
        let seen = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
        seen.wait_for(bump(&store, [1]).await).await.unwrap();
    });
}
