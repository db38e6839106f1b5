//! Replays of an engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use eventsource::engine::{EngineError, MemoryProjectionStates, Owned, ProjectionEngine};
use eventsource::prelude::*;
use eventsource_tests::wait::DEADLINE;
use futures_util::stream;

use crate::events::{Deposited, deposit, deposits};

fn sums() -> ProjectionEngine<Owned<u64>> {
    ProjectionEngine::new("sum", MemoryProjectionStates::new())
        .with_state(0)
        .update::<Deposited>(|sum, event| *sum += event.cents)
}

#[tokio::test]
async fn replay_empties_the_state_and_applies_the_events_once() {
    let events = deposits(0..2_500).await;
    let mut engine = sums();
    engine.process_events(&events).await.unwrap();
    assert_eq!(engine.replay(events.iter().cloned()).await.unwrap(), 2_500);
    assert_eq!(*engine.state(), (0..2_500).sum::<u64>());
    assert_eq!(engine.progress().unwrap().events_processed, 2_500);
}

#[tokio::test]
async fn replay_of_a_stream_and_of_a_log_gives_the_same() {
    let store = MemoryEventStore::new();
    let events = deposit(&store, 0..2_500).await;
    let mut engine = sums();
    let items = stream::iter(events.into_iter().map(Ok::<_, std::io::Error>));
    assert_eq!(engine.replay_stream(items).await.unwrap(), 2_500);
    let by_stream = *engine.state();
    assert_eq!(engine.replay_log(&store).await.unwrap(), 2_500);
    assert_eq!(*engine.state(), by_stream);
}

#[tokio::test]
async fn replay_of_a_stream_that_fails_tells_its_error() {
    let events = deposits([1, 2]).await;
    let items = [Ok(Arc::clone(&events[0])), Err(std::io::Error::other("the file ends here"))];
    let mut engine = sums();
    let error = engine.replay_stream(stream::iter(items)).await.unwrap_err();
    assert!(matches!(&error, EngineError::Source { .. }), "{error}");
    assert_eq!(*engine.state(), 1);
}

#[tokio::test]
async fn replay_without_a_truncate_hook_is_refused() {
    let sum = Arc::new(AtomicU64::new(0));
    let total = Arc::clone(&sum);
    let mut engine = ProjectionEngine::new("sum", MemoryProjectionStates::new()).on::<Deposited>(move |event| {
        let _ = total.fetch_add(event.cents, Ordering::Relaxed);
    });
    let events = deposits([7]).await;
    engine.process_events(&events).await.unwrap();
    assert!(matches!(engine.replay(events.clone()).await, Err(EngineError::NoTruncateHook { .. })));
    assert_eq!(sum.load(Ordering::Relaxed), 7);

    let total = Arc::clone(&sum);
    let mut engine = engine.on_truncate(move || total.store(0, Ordering::Relaxed));
    engine.replay(events).await.unwrap();
    assert_eq!(sum.load(Ordering::Relaxed), 7);
}

#[tokio::test]
async fn replay_whose_hook_fails_changes_nothing() {
    let mut engine = sums().on_truncate(|| Err(HandlerError::permanent("the table is locked")));
    let events = deposits([7]).await;
    engine.process_events(&events).await.unwrap();
    assert!(matches!(engine.replay(events).await, Err(EngineError::Truncate { .. })));
    assert_eq!((*engine.state(), engine.progress().unwrap().events_processed), (7, 1));
}

/// Each handler appends an event, so that the log grows as fast as it is read.
#[tokio::test]
async fn replay_of_a_log_that_grows_ends() {
    let store = MemoryEventStore::new();
    deposit(&store, 0..1_500).await;
    let growing = store.clone();
    let mut engine = ProjectionEngine::new("growth", MemoryProjectionStates::new())
        .on_async(move |event: Event<Deposited>| {
            let store = growing.clone();
            async move { drop(deposit(&store, [event.cents]).await) }
        })
        .on_truncate(|| ());
    let replayed = tokio::time::timeout(DEADLINE, engine.replay_log(&store)).await.unwrap().unwrap();
    assert!((1_500..=2_000).contains(&replayed), "{replayed} events");
}
