//! Whether the status of a subscription is true.

use super::world::*;

/// "Lag is 0 while paused or stalled": it is measured against the head of the log.
#[tokio::test(start_paused = true)]
async fn lag_is_true_while_paused_stopped_or_stalled() {
    let (store, faults) = (MemoryEventStore::new(), Faults::new());
    let manager = faulty(&store, &faults);
    let handle = manager.subscribe(Kept::default(), attempts(1)).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    manager.pause("kept").await.unwrap();
    bump(&store, [2, 3]).await;
    note(&store, 1).await;
    assert_eq!(handle.inspect().await.lag.unwrap().events, 3);
    manager.stop().await.unwrap();
    assert_eq!(handle.inspect().await.lag.unwrap().events, 3);
    faults.next(Point::ReadLog, Fault::Fail, usize::MAX);
    manager.start().await.unwrap();
    eventually("it waits", || async { handle.inspect().await.state.name() == "waiting" }).await;
    assert_eq!(handle.inspect().await.lag.unwrap().events, 3);
    faults.next(Point::Backlog, Fault::Fail, 1);
    assert!(handle.inspect().await.lag.is_err(), "a lag that is not known is not zero");
}

/// "Dead letter counts, error statistics and indicators stay at zero."
#[tokio::test(start_paused = true)]
async fn failures_are_counted_and_named() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let kept = Kept::default();
    kept.script.next(1, [Act::Permanent]);
    let handle = manager.subscribe(kept, attempts(1)).await.unwrap();
    manager.start().await.unwrap();
    bump(&store, [1, 2, 3]).await;
    handle.caught_up().within(DEADLINE).await.unwrap();
    let status = handle.inspect().await;
    assert_eq!((status.dead_letters.unwrap(), status.events_held.unwrap(), status.events_handled), (1, 2, 0));
    assert!(status.last_error.unwrap().contains("never ever"));
    handle.dead_letters().retry_all().await.unwrap();
    let status = handle.inspect().await;
    assert_eq!((status.dead_letters.unwrap(), status.events_held.unwrap(), status.events_handled), (0, 0, 3));
}

/// "It stays live and healthy, whatever happens": every state but working as it should carries a reason.
#[tokio::test(start_paused = true)]
async fn subscription_without_progress_says_why() {
    let (store, faults) = (MemoryEventStore::new(), Faults::new());
    let manager = faulty(&store, &faults);
    let kept = Kept::default();
    kept.script.next(1, [Act::Transient; 3]);
    let handle = manager.subscribe(kept, attempts(9)).await.unwrap();
    assert!(handle.inspect().await.state.reason().is_some(), "idle");
    bump(&store, [1]).await;
    manager.start().await.unwrap();
    for state in ["retrying", "live"] {
        eventually(state, || async { handle.inspect().await.state.name() == state }).await;
    }
    manager.pause("kept").await.unwrap();
    assert!(handle.inspect().await.state.reason().is_some(), "paused");
    manager.stop().await.unwrap();
    assert!(handle.inspect().await.state.reason().is_some(), "stopped");
}

/// Who waits for what cannot come is told, and does not hang.
#[tokio::test(start_paused = true)]
async fn a_wait_ends_where_the_subscription_does() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let kept = Kept::default();
    kept.script.next(1, [Act::Permanent]);
    let handle = manager.subscribe(kept, attempts(1).on_failure(FailurePolicy::Stop)).await.unwrap();
    let position = bump(&store, [1]).await;
    assert!(handle.caught_up().await.unwrap_err().to_string().contains("not started"));
    manager.start().await.unwrap();
    assert!(handle.wait_for(position).await.unwrap_err().to_string().contains("never ever"));
}

/// "Health counts the errors of a lifetime": a subscription that has recovered is healthy again.
#[tokio::test(start_paused = true)]
async fn recovered_subscription_is_healthy_again() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let kept = Kept::default();
    (1..=200).for_each(|by| kept.script.next(by, [Act::Transient]));
    let handle = manager.subscribe(kept, attempts(3)).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(bump(&store, 1..=200).await).within(Duration::from_secs(600)).await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    let health = manager.health(eventsource::subscription::HealthLimits::default());
    assert!(health.live && health.ready && health.reasons.is_empty(), "{health:?}");
    assert_eq!(handle.read().await.numbers.len(), 200);
}
