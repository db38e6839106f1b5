//! Starts, stops and pauses.

use super::world::*;
use tokio::time::Instant;

/// "A start after a stop always fails."
#[tokio::test(start_paused = true)]
async fn a_manager_starts_again() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let handle = manager.subscribe(Kept::default(), attempts(1)).await.unwrap();
    for n in 1..=3 {
        manager.start().await.unwrap();
        handle.wait_for(bump(&store, [n]).await).within(DEADLINE).await.unwrap();
        manager.stop().await.unwrap();
    }
    assert_eq!(handle.read().await.numbers, [1, 2, 3]);
}

/// "Who subscribes after the start can never be started."
#[tokio::test(start_paused = true)]
async fn late_subscription_is_started() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    manager.start().await.unwrap();
    let handle = manager.subscribe(Kept::default(), attempts(1)).await.unwrap();
    handle.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
}

/// "Stop could not interrupt a pause."
#[tokio::test(start_paused = true)]
async fn a_stop_interrupts_a_pause_without_going_on() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let handle = manager.subscribe(Kept::default(), attempts(1)).await.unwrap();
    manager.start().await.unwrap();
    manager.pause("kept").await.unwrap();
    bump(&store, [1]).await;
    let begun = Instant::now();
    manager.stop().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert!(handle.read().await.numbers.is_empty());
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(handle.read().await.numbers, [1]);
}

/// "Resume" goes on at the next position, and loses nothing of what came meanwhile.
#[tokio::test(start_paused = true)]
async fn a_pause_loses_nothing() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let handle = manager.subscribe(Kept::default(), attempts(1)).await.unwrap();
    manager.start().await.unwrap();
    for n in 0..5 {
        manager.pause("kept").await.unwrap();
        bump(&store, [2 * n, 2 * n + 1]).await;
        manager.resume("kept").await.unwrap();
    }
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(handle.read().await.numbers, (0..10).collect::<Vec<_>>());
}

/// "A failure to start is reported as an illegal transition, instead of its cause."
#[tokio::test(start_paused = true)]
async fn failed_start_says_why() {
    let (store, faults) = (MemoryEventStore::new(), Faults::new());
    let manager = faulty(&store, &faults);
    let handle = manager.subscribe(Done::default(), attempts(1)).await.unwrap();
    faults.next(Point::Claim, Fault::Fail, usize::MAX);
    manager.start().await.unwrap();
    eventually("it waits", || async { handle.inspect().await.state.name() == "waiting" }).await;
    let status = handle.inspect().await;
    assert!(status.state.reason().unwrap().contains("claim a checkpoint"), "{:?}", status.state);
    faults.switch_off();
    handle.caught_up().within(DEADLINE).await.unwrap();
}

/// "A subscriber that fails while starting" does not keep the others from it, and a panic of a store ends no process.
#[tokio::test(start_paused = true)]
async fn a_store_that_panics_ends_its_subscription_with_a_reason() {
    let (store, faults) = (MemoryEventStore::new(), Faults::new());
    let manager = faulty(&store, &faults);
    let handle = manager.subscribe(Done::default(), attempts(1)).await.unwrap();
    faults.next(Point::Commit, Fault::Panic, 1);
    manager.start().await.unwrap();
    let position = bump(&store, [1]).await;
    let error = handle.wait_for(position).within(DEADLINE).await.unwrap_err();
    assert!(error.to_string().contains("its task panicked"), "{error}");
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
}
