//! Checkpoints that say what was not done, or forget what was.

use super::world::*;
use eventsource::projection::{CheckpointUpdate, Claim, CommitError, UnitOfWork};

/// "Live events never checkpointed, because the event on the bus has no position."
#[tokio::test(start_paused = true)]
async fn live_events_are_checkpointed_and_a_restart_repeats_none() {
    let store = MemoryEventStore::new();
    let checkpoints = MemoryCheckpoints::new();
    let done = Done::default();
    for n in 1..=3 {
        let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone());
        let handle = manager.subscribe(done.clone(), attempts(1)).await.unwrap();
        manager.start().await.unwrap();
        handle.caught_up().within(DEADLINE).await.unwrap();
        handle.wait_for(bump(&store, [n]).await).within(DEADLINE).await.unwrap();
        manager.stop().await.unwrap();
    }
    assert_eq!(done.numbers(), [1, 2, 3]);
}

/// "A checkpoint failure re-ran the handlers, and put good events into the dead letters."
#[tokio::test(start_paused = true)]
async fn a_checkpoint_that_fails_is_not_the_handlers_failure() {
    let (store, faults) = (MemoryEventStore::new(), Faults::new());
    let manager = faulty(&store, &faults);
    let done = Done::default();
    let handle = manager.subscribe(done.clone(), attempts(1)).await.unwrap();
    manager.start().await.unwrap();
    faults.next(Point::Commit, Fault::Fail, 20);
    faults.next(Point::Commit, Fault::LoseAnswer, 2);
    handle.wait_for(bump(&store, [1, 2]).await).within(Duration::from_secs(600)).await.unwrap();
    assert_eq!(done.numbers(), [1, 2]);
    assert_eq!(handle.dead_letters().list().await.unwrap(), []);
}

/// "Plain stop() saves nothing: ten of ten events were delivered again."
#[tokio::test(start_paused = true)]
async fn a_stop_saves_what_was_passed() {
    let store = MemoryEventStore::new();
    let checkpoints = MemoryCheckpoints::new();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone());
    let handle = manager.subscribe(Done::default(), attempts(1)).await.unwrap();
    manager.start().await.unwrap();
    bump(&store, 1..=10).await;
    let passed = note(&store, 3).await;
    handle.wait_for(passed).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    assert_eq!(checkpoints.load("done").await.unwrap().unwrap().position, passed);
}

/// "Two managers can move a position backwards: the last write wins."
#[tokio::test(start_paused = true)]
async fn a_checkpoint_never_moves_back() {
    let checkpoints = MemoryCheckpoints::new();
    let claim = Claim::new("done", "f", Position::START);
    let zombie = checkpoints.claim(&claim).await.unwrap();
    let owner = checkpoints.claim(&claim).await.unwrap();
    let (five, nine) = (Position::new(5), Position::new(9));
    checkpoints.detached().commit(&CheckpointUpdate::new("done", owner.epoch, Position::START, nine)).await.unwrap();
    for (epoch, from) in [(zombie.epoch, Position::START), (owner.epoch, Position::START), (zombie.epoch, nine)] {
        let refused = checkpoints.detached().commit(&CheckpointUpdate::new("done", epoch, from, five)).await;
        assert!(matches!(refused, Err(CommitError::Fenced { .. })), "{refused:?}");
    }
    assert_eq!(checkpoints.load("done").await.unwrap().unwrap().position, nine);
}

/// "A start at the end is not kept until the first event, so that a restart skips what came meanwhile."
#[tokio::test(start_paused = true)]
async fn a_start_at_the_end_is_kept_before_the_first_event() {
    let store = MemoryEventStore::new();
    let checkpoints = MemoryCheckpoints::new();
    bump(&store, [1]).await;
    let done = Done::default();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone());
    let handle = manager.subscribe(done.clone(), SubscriptionConfig::from_end()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    bump(&store, [2]).await;
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints);
    let handle = manager.subscribe(done.clone(), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(done.numbers(), [2]);
}

/// What waits behind letters is stored with the step that passes it over, also where that is the last one before a stop.
#[tokio::test(start_paused = true)]
async fn a_stop_in_an_outage_does_not_forget_what_waits() {
    let (store, faults) = (MemoryEventStore::new(), Faults::new());
    let manager = faulty(&store, &faults);
    let done = Done::default();
    done.script.next(1, [Act::Permanent]);
    let handle = manager.subscribe(done.clone(), attempts(1)).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for_passed(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    faults.next(Point::Commit, Fault::Fail, usize::MAX);
    bump(&store, [2, 3]).await;
    eventually("it waits", || async { handle.inspect().await.state.name() == "waiting" }).await;
    faults.switch_off();
    manager.stop().await.unwrap();
    let held: Vec<_> = handle.dead_letters().list().await.unwrap().iter().map(|letter| letter.held).collect();
    assert_eq!(held, [2]);
}

/// "A checkpoint timer that fired during the catch-up jumped to the head of the log": what is saved is what was passed,
/// however long an event keeps the others waiting.
#[tokio::test(start_paused = true)]
async fn a_checkpoint_does_not_jump_over_what_is_not_applied() {
    let (store, checkpoints, done) = (MemoryEventStore::new(), MemoryCheckpoints::new(), Done::default());
    let third = bump(&store, [1, 2, 3]).await;
    let end = note(&store, 50).await;
    done.script.next(3, [Act::Transient; 6]);
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints.clone());
    let handle = manager.subscribe(done.clone(), attempts(9)).await.unwrap();
    manager.start().await.unwrap();
    let mut looked = 0;
    while !done.numbers().contains(&3) {
        let saved = checkpoints.load("done").await.unwrap().map_or(Position::START, |saved| saved.position);
        assert!(saved < third, "saved at {saved}, before the event at {third} was applied");
        looked += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(looked > 50, "for longer than checkpoints wait to be saved");
    handle.wait_for(end).within(DEADLINE).await.unwrap();
}
