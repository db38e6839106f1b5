//! Failures that lose events, stall them, or are not told.

use super::world::*;
use tokio::time::Instant;

/// "Five failures in a row opened a breaker, and the other 185 of 200 events were skipped and checkpointed."
#[tokio::test(start_paused = true)]
async fn failures_in_a_row_skip_nothing() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let kept = Kept::default();
    for n in 1..=10 {
        kept.script.next(n, [Act::Permanent]);
    }
    for n in 1..=200 {
        bump_at(&store, n, [n as u64]).await;
    }
    let handle = manager.subscribe(kept, attempts(1).batch_size(100)).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(handle.read().await.numbers, (11..=200).collect::<Vec<_>>());
    assert_eq!(handle.dead_letters().list().await.unwrap().len(), 10);
}

/// A retry at a fixed pace: the delay neither grows nor is drawn.
#[tokio::test(start_paused = true)]
async fn fixed_delay_is_the_same_before_each_attempt() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let done = Done::default();
    done.script.next(1, [Act::Transient; 4]);
    let (delay, longest) = (Duration::from_millis(100), Duration::from_secs(10));
    let retry = RetryPolicy::new(5, delay, longest).factor(1.0).jitter(0.0);
    let handle = manager.subscribe(done.clone(), SubscriptionConfig::default().retry(retry)).await.unwrap();
    let position = bump_at(&store, 1, [1]).await;
    let begun = Instant::now();
    manager.start().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(begun.elapsed(), 4 * delay);
    assert_eq!(done.numbers(), [1]);
}

/// "An error rate that was never computed": a projection that fails on everything faults, and the log stays.
#[tokio::test(start_paused = true)]
async fn a_log_is_not_emptied_into_the_dead_letters() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let done = Done::default();
    for n in 1..=50 {
        done.script.next(n as u64, [Act::Permanent; 9]);
        bump_at(&store, n, [n as u64]).await;
    }
    let limit = FailureLimit::new(5, Duration::from_secs(60));
    let handle = manager.subscribe(done, attempts(1).failure_limit(limit)).await.unwrap();
    manager.start().await.unwrap();
    let error = handle.caught_up().within(DEADLINE).await.unwrap_err();
    assert!(error.to_string().contains("never ever"), "{error}");
    assert_eq!(handle.dead_letters().list().await.unwrap().len(), 4);
}

/// "Continue on error advanced past the event: never delivered again, and in no dead letter queue"; "catch-up and live
/// differ".
#[tokio::test(start_paused = true)]
async fn an_event_that_is_passed_is_kept_with_its_error_in_history_and_live() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let done = Done::default();
    done.script.next(1, [Act::Transient; 2]);
    done.script.next(2, [Act::Permanent; 2]);
    let handle = manager.subscribe(done.clone(), attempts(2)).await.unwrap();
    bump_at(&store, 1, [1]).await;
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    handle.wait_for_passed(bump_at(&store, 2, [2]).await).within(DEADLINE).await.unwrap();
    let letters = handle.dead_letters().list().await.unwrap();
    let told: Vec<_> = letters.iter().map(|letter| (letter.attempts, letter.errors.join(": "))).collect();
    assert_eq!(told, [(2, "not just now".to_owned()), (1, "never ever".to_owned())]);
    assert_eq!(handle.dead_letters().retry_all().await.unwrap().applied, 1);
    assert_eq!(done.numbers(), [1]);
}

/// "Without continue on error the subscription stays live and healthy, and delivers nothing any more."
#[tokio::test(start_paused = true)]
async fn a_subscription_that_stops_at_a_failure_says_so() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let done = Done::default();
    done.script.next(2, [Act::Permanent]);
    let handle = manager.subscribe(done.clone(), attempts(1).on_failure(FailurePolicy::Stop)).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    let error = handle.wait_for(bump(&store, [2, 3]).await).within(DEADLINE).await.unwrap_err();
    assert!(error.to_string().contains("never ever"), "{error}");
    let status = handle.inspect().await;
    assert_eq!((status.state.name(), status.lag.unwrap().events), ("faulted", 2));
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(done.numbers(), [1, 2, 3]);
}

/// "One undecodable event fails the whole page in catch-up, and live is stuck for ever, healthy, without a failure."
#[tokio::test(start_paused = true)]
async fn an_undecodable_event_fails_alone() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let handle = manager.subscribe(Kept::default(), attempts(1)).await.unwrap();
    for (stream, start) in [(10, false), (11, true)] {
        bump(&store, [1]).await;
        let stream = StreamId::new("Counter", Uuid::from_u128(stream));
        let bad = vec![NewEvent::raw("Bumped", 1, r#"{"by":"many"}"#)];
        store.append(&stream, ExpectedVersion::Any, bad).await.unwrap();
        bump(&store, [2]).await;
        if !start {
            manager.start().await.unwrap();
        }
        handle.caught_up().within(DEADLINE).await.unwrap();
    }
    assert_eq!(handle.read().await.numbers, [1, 2, 1, 2]);
    let letters = handle.dead_letters().list().await.unwrap();
    assert!(letters.iter().all(|letter| letter.errors[0].contains("does not decode")), "{letters:?}");
    assert_eq!(letters.len(), 2);
}

/// A type that no code knows stalls nothing: subscriptions that do not ask for it pass it.
#[tokio::test(start_paused = true)]
async fn unknown_type_stalls_no_subscription() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let handle = manager.subscribe(Kept::default(), attempts(1)).await.unwrap();
    manager.start().await.unwrap();
    let stream = StreamId::new("Counter", Uuid::from_u128(1));
    store.append(&stream, ExpectedVersion::Any, vec![NewEvent::raw("NotKnown", 1, "{}")]).await.unwrap();
    handle.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    assert_eq!(handle.read().await.numbers, [1]);
}

/// "Retry backoff was computed but ignored", and "only some errors of the network were retried".
#[tokio::test(start_paused = true)]
async fn failed_event_is_retried_after_the_configured_delays() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let kept = Kept::default();
    kept.script.next(1, [Act::Transient; 4]);
    let handle = manager.subscribe(kept, attempts(5)).await.unwrap();
    manager.start().await.unwrap();
    let begun = Instant::now();
    handle.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    let waited = begun.elapsed();
    assert!((1_500..1_600).contains(&waited.as_millis()), "100 + 200 + 400 + 800 ms, not {waited:?}");
}

/// "Waiting for the next attempt blocked": a stop is answered at once.
#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_the_next_attempt() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let kept = Kept::default();
    kept.script.next(1, [Act::Transient; 100]);
    let retry = RetryPolicy::new(9, Duration::from_secs(3_600), Duration::from_secs(3_600)).jitter(0.0);
    let handle = manager.subscribe(kept, attempts(1).retry(retry)).await.unwrap();
    bump(&store, [1]).await;
    manager.start().await.unwrap();
    eventually("it retries", || async { handle.inspect().await.state.name() == "retrying" }).await;
    let begun = Instant::now();
    manager.stop().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

/// "A handler that hangs blocks for ever."
#[tokio::test(start_paused = true)]
async fn a_handler_that_hangs_has_failed() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let done = Done::default();
    done.script.next(1, [Act::Hang; 2]);
    let handle = manager.subscribe(done.clone(), attempts(2)).await.unwrap();
    manager.start().await.unwrap();
    bump_at(&store, 1, [1]).await;
    handle.wait_for(bump_at(&store, 2, [2]).await).within(DEADLINE).await.unwrap();
    assert_eq!(done.numbers(), [2]);
    let letters = handle.dead_letters().list().await.unwrap();
    assert!(letters[0].errors[0].contains("not done within 1s"), "{letters:?}");
}

/// "The fallback from the batch applies twice what had been applied of it."
#[tokio::test(start_paused = true)]
async fn events_before_the_failing_one_are_applied_once() {
    let store = MemoryEventStore::new();
    let (manager, models) = {
        let checkpoints = MemoryCheckpoints::new();
        let models = MemoryReadModels::new(&checkpoints);
        (SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints), models)
    };
    let (kept, done, sums) = (Kept::default(), Done::default(), Sums::default());
    for script in [&kept.script, &done.script, &sums.0] {
        script.next(3, [Act::Transient; 2]);
    }
    let handles = (
        manager.subscribe(kept, attempts(3)).await.unwrap(),
        manager.subscribe(done.clone(), attempts(3)).await.unwrap(),
        manager.subscribe(sums, attempts(3)).await.unwrap(),
    );
    bump(&store, 1..=5).await;
    manager.start().await.unwrap();
    handles.0.caught_up().within(DEADLINE).await.unwrap();
    handles.1.caught_up().within(DEADLINE).await.unwrap();
    handles.2.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(handles.0.read().await.numbers, [1, 2, 3, 4, 5]);
    assert_eq!(done.numbers(), [1, 2, 3, 4, 5]);
    let sum = models.repository::<Sum>().get(Uuid::from_u128(1)).await.unwrap().unwrap();
    assert_eq!((sum.total, sum.events), (15, 5));
}

/// "A dead letter that cannot be stored hides the handler's error."
#[tokio::test(start_paused = true)]
async fn a_letter_that_cannot_be_stored_does_not_hide_why_there_is_one() {
    let (store, faults) = (MemoryEventStore::new(), Faults::new());
    let manager = faulty(&store, &faults);
    let done = Done::default();
    done.script.next(1, [Act::Permanent]);
    let handle = manager.subscribe(done.clone(), attempts(1)).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    faults.next(Point::Commit, Fault::Fail, usize::MAX);
    let position = bump(&store, [1]).await;
    eventually("it waits", || async { handle.inspect().await.state.name() == "waiting" }).await;
    let reason = handle.inspect().await.state.reason().unwrap();
    assert!(reason.contains("never ever") && reason.contains("a fault was injected"), "{reason}");
    faults.switch_off();
    handle.wait_for_passed(position).within(Duration::from_secs(60)).await.unwrap();
    assert_eq!(handle.dead_letters().list().await.unwrap().len(), 1);
    assert_eq!(done.script.calls(1), 1);
}
