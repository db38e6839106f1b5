//! A failing handler under the policy to stop: retried, then faulted; what stood before it is kept, nothing is applied twice, nothing skipped.

use std::collections::HashMap;
use std::time::Duration;

use eventsource::prelude::*;
use eventsource::projection::ErrorClass;
use eventsource::subscription::{FailurePolicy, RetryPolicy, SubscriptionState};
use eventsource_tests::domain::{Bumped, Cleared, Seen, bump, note};
use eventsource_tests::wait::{DEADLINE, eventually};

/// How a bump by a certain number fails.
#[derive(Clone, Copy)]
enum Fails {
    /// The first so many calls.
    Times(u32),
    /// Every call, for good.
    Permanently,
    /// Every call, by a panic.
    Panics,
}

/// Sums up bumps, and fails as it is told.
#[derive(Clone, Default)]
struct Sum {
    fails: HashMap<u64, Fails>,
    calls: HashMap<u64, u32>,
    applied: Vec<u64>,
}

impl Sum {
    fn failing(by: u64, how: Fails) -> Self {
        Self { fails: HashMap::from([(by, how)]), ..Self::default() }
    }
}

#[projection]
impl Sum {
    #[handles(Bumped)]
    async fn bumped(&mut self, event: &Bumped) -> Result<(), HandlerError> {
        let calls = self.calls.entry(event.by).or_default();
        *calls += 1;
        match self.fails.get(&event.by) {
            Some(Fails::Times(times)) if *calls <= *times => return Err(HandlerError::transient("not yet")),
            Some(Fails::Permanently) => return Err(HandlerError::permanent("never")),
            Some(Fails::Panics) => panic!("out of luck"),
            _ => {}
        }
        tokio::task::yield_now().await;
        self.applied.push(event.by);
        Ok(())
    }
}

fn quick(attempts: u32) -> SubscriptionConfig {
    let policy = RetryPolicy::new(attempts, Duration::from_millis(1), Duration::from_millis(4));
    SubscriptionConfig::default().retry(policy).on_failure(FailurePolicy::Stop)
}

fn manager(store: &MemoryEventStore) -> SubscriptionManager<MemoryCheckpoints> {
    SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new())
}

#[tokio::test]
async fn event_7_of_10_fails_and_every_event_is_applied_once() {
    for times in [1, 2, 4] {
        let store = MemoryEventStore::new();
        let manager = manager(&store);
        let sum = manager.subscribe(Sum::failing(7, Fails::Times(times)), quick(5)).await.unwrap();
        let position = bump(&store, 1..=10).await;
        manager.start().await.unwrap();
        sum.wait_for(position).within(DEADLINE).await.unwrap();
        let state = sum.read().await;
        assert_eq!(state.applied, (1..=10).collect::<Vec<_>>(), "failing {times} times");
        for by in 1..=10 {
            let expected = if by == 7 { times + 1 } else { 1 };
            assert_eq!(state.calls[&by], expected, "calls for event {by}, failing {times} times");
        }
        let status = sum.inspect().await;
        assert_eq!(status.events_handled, 10);
        assert!(status.last_error.unwrap().contains("not yet"));
    }
}

#[tokio::test]
async fn when_the_retries_are_spent_it_faults_after_the_good_prefix() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let sum = manager.subscribe(Sum::failing(7, Fails::Times(u32::MAX)), quick(5)).await.unwrap();
    let other = manager.subscribe(Seen::default(), SubscriptionConfig::default()).await.unwrap();
    let position = bump(&store, 1..=10).await;
    manager.start().await.unwrap();
    sum.wait_for(position).within(DEADLINE).await.unwrap_err();
    let status = sum.inspect().await;
    let SubscriptionState::Faulted { failure } = &status.state else { panic!("{:?}", status.state) };
    assert_eq!((failure.attempts, failure.position, failure.event_type.as_str()), (5, Position::new(7), "Bumped"));
    assert_eq!(failure.error.class(), ErrorClass::Transient);
    assert_eq!(status.position, Some(Position::new(6)));
    assert_eq!(status.lag.unwrap().events, 4);
    assert_eq!(sum.read().await.applied, (1..=6).collect::<Vec<_>>());
    assert_eq!(sum.read().await.calls[&7], 5);
    other.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(other.read().await.numbers(), (1..=10).collect::<Vec<_>>(), "the others go on");
    manager.start().await.unwrap();
    eventually("a start tries a faulted subscription again", || async { sum.read().await.calls[&7] == 10 }).await;
    assert_eq!(sum.read().await.applied, (1..=6).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_permanent_failure_is_not_retried() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let sum = manager.subscribe(Sum::failing(2, Fails::Permanently), quick(5)).await.unwrap();
    let position = bump(&store, 1..=3).await;
    manager.start().await.unwrap();
    let error = sum.wait_for(position).within(DEADLINE).await.unwrap_err();
    assert!(error.to_string().contains("failed once: never"), "{error}");
    assert_eq!(sum.read().await.calls[&2], 1);
}

#[tokio::test]
async fn a_panic_is_a_permanent_failure_and_what_it_left_of_the_state_is_thrown_away() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let sum = manager.subscribe(Sum::failing(2, Fails::Panics), quick(3)).await.unwrap();
    let position = bump(&store, 1..=3).await;
    manager.start().await.unwrap();
    let error = sum.wait_for(position).within(DEADLINE).await.unwrap_err();
    assert!(error.to_string().contains("failed once: the handler panicked: out of luck"), "{error}");
    let state = sum.read().await;
    assert_eq!(
        (&state.calls, &state.applied),
        (&HashMap::from([(1, 1)]), &vec![1]),
        "the call that panicked counts nowhere"
    );
}

#[tokio::test]
async fn a_payload_that_does_not_decode_faults_with_its_place() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let seen = manager.subscribe(Seen::default(), quick(5)).await.unwrap();
    bump(&store, [1]).await;
    let stream = StreamId::new("Counter", uuid::Uuid::nil());
    let bad = vec![NewEvent::raw("Bumped", 1, r#"{"by":"many"}"#)];
    let position = store.append(&stream, ExpectedVersion::Any, bad).await.unwrap().position();
    manager.start().await.unwrap();
    let error = seen.wait_for(position).within(DEADLINE).await.unwrap_err().to_string();
    for part in ["`Bumped`", "position 2", "Counter/", "does not decode", "failed once"] {
        assert!(error.contains(part), "{part} in {error}");
    }
    let newer = vec![NewEvent::raw("Bumped", 2, "{}")];
    let other = MemoryEventStore::new();
    let position = other.append(&stream, ExpectedVersion::Any, newer).await.unwrap().position();
    let manager = self::manager(&other);
    let seen = manager.subscribe(Seen::default(), quick(5)).await.unwrap();
    manager.start().await.unwrap();
    let error = seen.wait_for(position).within(DEADLINE).await.unwrap_err().to_string();
    assert!(error.contains("schema version 2") && error.contains("versions up to 1"), "{error}");
}

#[tokio::test]
async fn a_stop_and_a_pause_do_not_wait_for_a_retry() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let hour = Duration::from_secs(3_600);
    let config = SubscriptionConfig::default().retry(RetryPolicy::new(5, hour, hour));
    let sum = manager.subscribe(Sum::failing(2, Fails::Times(u32::MAX)), config).await.unwrap();
    bump(&store, 1..=3).await;
    manager.start().await.unwrap();
    eventually("it retries", || async { sum.inspect().await.state.name() == "retrying" }).await;
    let reason = sum.inspect().await.state.reason().unwrap();
    assert!(reason.contains("position 2") && reason.contains("attempt 2 of 5"), "{reason}");
    let quickly = Duration::from_secs(10);
    tokio::time::timeout(quickly, manager.pause("Sum")).await.expect("a pause").unwrap();
    tokio::time::timeout(quickly, manager.stop()).await.expect("a stop").unwrap();
    assert_eq!(sum.inspect().await.position, Some(Position::new(1)));
}

/// An effect: acts on the outside world, here a channel.
struct Sends(tokio::sync::mpsc::UnboundedSender<u64>);

#[projection(effects)]
impl Sends {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped) -> Result<(), HandlerError> {
        self.0.send(event.by)?;
        if event.by == 3 { Err(HandlerError::permanent("3 is refused")) } else { Ok(()) }
    }

    #[handles(Cleared)]
    async fn cleared(&self, _: &Cleared) {}
}

#[tokio::test]
async fn an_effect_is_not_repeated_for_the_events_before_a_failing_one() {
    let store = MemoryEventStore::new();
    let checkpoints = MemoryCheckpoints::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone());
    let (sender, mut sent) = tokio::sync::mpsc::unbounded_channel();
    let sends = manager.subscribe(Sends(sender), quick(1)).await.unwrap();
    note(&store, 1).await;
    let position = bump(&store, 1..=4).await;
    manager.start().await.unwrap();
    sends.wait_for(position).within(DEADLINE).await.unwrap_err();
    let status = sends.inspect().await;
    assert_eq!(status.guarantee.to_string(), "at least once");
    assert_eq!(checkpoints.load("Sends").await.unwrap().unwrap().position, Position::new(3));
    let mut all = Vec::new();
    while let Ok(by) = sent.try_recv() {
        all.push(by);
    }
    assert_eq!(all, [1, 2, 3]);
}
