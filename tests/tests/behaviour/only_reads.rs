//! A manager on a log that only reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use eventsource::engine::{MemoryProjectionStates, Owned, ProjectionEngine};
use eventsource::fold::project_from;
use eventsource::prelude::*;
use eventsource::subscription::Backend;
use eventsource_tests::domain::{Bumped, bump};
use eventsource_tests::only_reads::OnlyReads;
use eventsource_tests::wait::DEADLINE;

/// A database whose log comes from another system.
#[derive(Default)]
struct Replica {
    log: MemoryEventStore,
    checkpoints: MemoryCheckpoints,
}

impl Backend for Replica {
    type Store = OnlyReads<MemoryEventStore>;
    type Checkpoints = MemoryCheckpoints;

    fn event_store(&self) -> Self::Store {
        OnlyReads(self.log.clone())
    }

    fn checkpoints(&self) -> MemoryCheckpoints {
        self.checkpoints.clone()
    }
}

fn sum() -> ProjectionEngine<Owned<u64>> {
    ProjectionEngine::new("sum", MemoryProjectionStates::new())
        .with_state(0)
        .update::<Bumped>(|sum, event| *sum += event.by)
}

#[tokio::test]
async fn manager_on_a_log_that_only_reads_applies_old_and_new_events() {
    let replica = Replica::default();
    bump(&replica.log, 1..=3).await;
    let manager = SubscriptionManager::on(&replica);
    let config = SubscriptionConfig::from_beginning().poll_interval(Duration::from_millis(5));
    let sum = manager.subscribe(sum(), config).await.unwrap();
    manager.start().await.unwrap();
    sum.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(sum.with(|sum| *sum.state()).await, 6);
    bump(&replica.log, 4..=4).await;
    let head = replica.log.head().await.unwrap();
    sum.wait_for(head).within(DEADLINE).await.unwrap();
    assert_eq!(sum.with(|sum| *sum.state()).await, 10);
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn letter_is_retried_with_the_events_behind_it_from_a_log_that_only_reads() {
    let replica = Replica::default();
    bump(&replica.log, 1..=3).await;
    let fails = Arc::new(AtomicBool::new(true));
    let projection = {
        let fails = Arc::clone(&fails);
        ProjectionEngine::new("sum", MemoryProjectionStates::new()).with_state(0).update::<Bumped>(move |sum, event| {
            if event.by == 2 && fails.load(Ordering::SeqCst) {
                return Err(HandlerError::permanent("not yet"));
            }
            *sum += event.by;
            Ok::<_, HandlerError>(())
        })
    };
    let manager = SubscriptionManager::on(&replica);
    let config = SubscriptionConfig::from_beginning().poll_interval(Duration::from_millis(5));
    let sum = manager.subscribe(projection, config).await.unwrap();
    manager.start().await.unwrap();
    sum.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(sum.with(|sum| *sum.state()).await, 1);
    fails.store(false, Ordering::SeqCst);
    sum.dead_letters().retry_all().await.unwrap();
    sum.wait_for(replica.log.head().await.unwrap()).within(DEADLINE).await.unwrap();
    assert_eq!(sum.with(|sum| *sum.state()).await, 6);
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn fold_and_replay_read_a_log_that_only_reads() {
    let store = MemoryEventStore::new();
    bump(&store, 1..=3).await;
    let log = OnlyReads(store.clone());
    let page = store.read_log(Position::START, &EventFilter::all(), PageLimit::events(1)).await.unwrap();
    let stream = page.events[0].stream();
    assert_eq!(*project_from(sum(), &log).run().await.unwrap().state.state(), 6);
    assert_eq!(*project_from(sum(), &log).of(stream).page(1).run().await.unwrap().state.state(), 6);
    let mut engine = sum();
    engine.replay_log(&log).await.unwrap();
    assert_eq!(*engine.state(), 6);
}
