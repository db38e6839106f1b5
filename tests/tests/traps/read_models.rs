//! Read models that are half written, written twice, or changed while they are read.

use super::world::*;

async fn sum(models: &MemoryReadModels) -> Option<(u64, u64)> {
    let sum = models.repository::<Sum>().get(Uuid::from_u128(1)).await.unwrap();
    sum.map(|sum| (sum.total, sum.events))
}

/// "Partial writes of a failed attempt stay"; "the checkpoint moved before the read model was committed".
#[tokio::test(start_paused = true)]
async fn a_failed_attempt_leaves_nothing() {
    let (store, faults, checkpoints) = (MemoryEventStore::new(), Faults::new(), MemoryCheckpoints::new());
    let models = MemoryReadModels::new(&checkpoints);
    let faulty = FaultyCheckpoints::new(checkpoints.clone(), &faults);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), faulty);
    let sums = Sums::default();
    sums.0.next(1, [Act::Transient; 2]);
    let handle = manager.subscribe(sums, attempts(5)).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    faults.next(Point::Commit, Fault::Fail, 3);
    faults.next(Point::Commit, Fault::LoseAnswer, 1);
    handle.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    assert_eq!(sum(&models).await, Some((1, 1)));
}

/// "A commit that fails moves the checkpoint": neither is there until both are.
#[tokio::test(start_paused = true)]
async fn a_read_model_and_its_checkpoint_are_there_together() {
    let (store, faults, checkpoints) = (MemoryEventStore::new(), Faults::new(), MemoryCheckpoints::new());
    let models = MemoryReadModels::new(&checkpoints);
    let faulty = FaultyCheckpoints::new(checkpoints.clone(), &faults);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), faulty);
    let handle = manager.subscribe(Sums::default(), attempts(1)).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    faults.next(Point::Commit, Fault::Fail, usize::MAX);
    let position = bump(&store, [1]).await;
    eventually("it waits", || async { handle.inspect().await.state.name() == "waiting" }).await;
    assert_eq!(sum(&models).await, None);
    assert_eq!(checkpoints.load("sums").await.unwrap().unwrap().position, Position::START);
    faults.switch_off();
    handle.wait_for(position).within(Duration::from_secs(60)).await.unwrap();
    assert_eq!(sum(&models).await, Some((1, 1)));
}

/// "Read models alias each other in memory": what was read does not change.
#[tokio::test(start_paused = true)]
async fn a_view_that_is_held_does_not_change() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let handle = manager.subscribe(Kept::default(), attempts(1)).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    let view = handle.read().await;
    handle.wait_for(bump(&store, [2]).await).within(DEADLINE).await.unwrap();
    assert_eq!((view.numbers.clone(), handle.read().await.numbers.clone()), (vec![1], vec![1, 2]));
}

/// "Reset and replay" give the same rows, and no others.
#[tokio::test(start_paused = true)]
async fn a_reset_and_a_replay_give_the_same() {
    let (store, checkpoints) = (MemoryEventStore::new(), MemoryCheckpoints::new());
    let models = MemoryReadModels::new(&checkpoints);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints);
    let handle = manager.subscribe(Sums::default(), attempts(1)).await.unwrap();
    bump(&store, 1..=4).await;
    for _ in 0..3 {
        manager.start().await.unwrap();
        handle.caught_up().within(DEADLINE).await.unwrap();
        assert_eq!(sum(&models).await, Some((10, 4)));
        manager.stop().await.unwrap();
        handle.reset().await.unwrap();
        assert_eq!(sum(&models).await, None);
    }
}

/// The same of a row: it is the caller's own.
#[tokio::test(start_paused = true)]
async fn row_held_by_a_batch_is_not_shared() {
    let (store, checkpoints) = (MemoryEventStore::new(), MemoryCheckpoints::new());
    let sums = MemoryReadModels::new(&checkpoints).repository::<Sum>();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints);
    let handle = manager.subscribe(Sums::default(), attempts(1)).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    let mut held = sums.get(Uuid::from_u128(1)).await.unwrap().unwrap();
    held.total += 100;
    handle.wait_for(bump(&store, [2]).await).within(DEADLINE).await.unwrap();
    let now = sums.get(Uuid::from_u128(1)).await.unwrap().unwrap();
    assert_eq!((held.total, held.events, now.total, now.events), (101, 1, 3, 2));
}
