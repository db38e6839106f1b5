//! A reset that ends half-way.

use super::world::*;

#[derive(Clone, Default)]
struct SlowTruncate {
    applied: Vec<u64>,
    fails: Arc<AtomicBool>,
    succeeds: Arc<AtomicBool>,
}

#[projection(name = "slow-truncate")]
impl SlowTruncate {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) {
        self.applied.push(event.by);
    }

    #[truncate]
    async fn truncate(&mut self) -> Result<(), HandlerError> {
        self.applied.clear();
        if self.succeeds.load(Ordering::SeqCst) {
            return Ok(());
        }
        if self.fails.load(Ordering::SeqCst) {
            return Err(HandlerError::transient("after it has emptied"));
        }
        std::future::pending().await
    }
}

/// The state is then unknown: it is told, and nothing is applied to it until a reset has succeeded.
async fn reset_half_way(fails: bool) {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let projection = SlowTruncate { fails: Arc::new(AtomicBool::new(fails)), ..SlowTruncate::default() };
    let succeeds = Arc::clone(&projection.succeeds);
    let handle = manager.subscribe(projection, SubscriptionConfig::default()).await.unwrap();
    let position = bump(&store, [1, 2, 3]).await;
    manager.start().await.unwrap();
    handle.wait_for(position).within(LONG).await.unwrap();
    manager.stop().await.unwrap();
    let reset = timeout(MOMENT, handle.reset()).await;
    assert!(!matches!(reset, Ok(Ok(()))), "{reset:?}");
    manager.start().await.unwrap();
    let position = bump(&store, [4]).await;
    let waited = handle.wait_for(position).within(LONG).await;
    assert!(matches!(waited, Err(WaitError::Stopped { reason: StopReason::StateUnknown, .. })), "{waited:?}");
    succeeds.store(true, Ordering::SeqCst);
    handle.reset().await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(position).within(LONG).await.unwrap();
    assert_eq!(handle.read().await.applied, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_cancelled_reset_loses_nothing_of_memory() {
    reset_half_way(false).await;
}

#[tokio::test]
async fn a_reset_whose_hook_fails_half_way_loses_nothing_of_memory() {
    reset_half_way(true).await;
}
