//! Catching up into a table, whatever the store.

use std::time::{Duration, Instant};

use eventsource::prelude::*;
use eventsource::projection::CheckpointReset;

/// The subscription of every repeat: a table belongs to one subscription.
const NAME: &str = "run";

/// From the start of the manager until the projection has caught up, from the beginning of the log.
pub(super) async fn catch_up<S, C, P>(store: S, checkpoints: C, projection: P) -> Duration
where
    S: EventStore,
    C: CheckpointStore,
    P: EventSubscriber<C::Unit>,
{
    // The repeat before this one left its checkpoint.
    checkpoints.detached().clear(&CheckpointReset::new(NAME)).await.unwrap();
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints);
    let subscription = manager.subscribe(projection, SubscriptionConfig::default().name(NAME)).await.unwrap();
    let begun = Instant::now();
    manager.start().await.unwrap();
    subscription.caught_up().await.unwrap();
    let taken = begun.elapsed();
    manager.stop().await.unwrap();
    taken
}
