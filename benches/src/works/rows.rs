//! Catching up into a table, whatever the store.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use eventsource::prelude::*;

/// From the start of the manager until the projection has caught up, from the beginning of the log.
pub(super) async fn catch_up<S, C, P>(store: S, checkpoints: C, projection: P) -> Duration
where
    S: EventStore,
    C: CheckpointStore,
    P: EventSubscriber<C::Unit>,
{
    // A new checkpoint.
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let name = format!("run-{}", RUNS.fetch_add(1, Ordering::Relaxed));
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
    let config = SubscriptionConfig::default().name(name);
    let subscription = manager.subscribe(projection, config).await.unwrap();
    let begun = Instant::now();
    manager.start().await.unwrap();
    subscription.caught_up().await.unwrap();
    let taken = begun.elapsed();
    manager.stop().await.unwrap();
    taken
}
