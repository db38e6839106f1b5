//! Calls that are cancelled, and calls that race.

use super::world::*;

#[tokio::test]
async fn after_a_cancelled_stop_a_reset_is_refused_while_the_batch_runs() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let door = Door::shut();
    let gated = manager.subscribe(Gated::behind(&door), SubscriptionConfig::default()).await.unwrap();
    bump(&store, [1]).await;
    manager.start().await.unwrap();
    door.has_waiters().await;
    timeout(MOMENT, manager.stop()).await.unwrap_err();
    let reset = timeout(LONG, gated.reset()).await;
    assert!(matches!(reset, Ok(Err(ResetError::Running { .. }))), "{reset:?}");
}

#[tokio::test]
async fn after_a_cancelled_unsubscribe_a_second_one_waits_for_the_runner() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let door = Door::shut();
    let gated = manager.subscribe(Gated::behind(&door), SubscriptionConfig::default()).await.unwrap();
    bump(&store, [1]).await;
    manager.start().await.unwrap();
    door.has_waiters().await;
    timeout(MOMENT, manager.unsubscribe("gated")).await.unwrap_err();
    let second = timeout(MOMENT * 10, manager.unsubscribe("gated")).await;
    let state = gated.inspect().await.state;
    assert!(second.is_err() || !state.is_running(), "unsubscribed, it said, while it is {state}");
}

#[tokio::test]
async fn a_pause_that_a_resume_overtakes_returns() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let door = Door::shut();
    manager.subscribe(Gated::behind(&door), SubscriptionConfig::default()).await.unwrap();
    bump(&store, [1]).await;
    manager.start().await.unwrap();
    door.has_waiters().await;
    let (paused, ()) = tokio::join!(timeout(LONG, manager.pause("gated")), async {
        manager.resume("gated").await.unwrap();
        door.open();
    });
    let _ = paused.expect("the pause never returns");
}

struct FaultsAlways(Arc<AtomicUsize>);

#[projection(memory, name = "faults")]
impl FaultsAlways {
    #[handles(Bumped)]
    fn bumped(&mut self, _: &Bumped) -> Result<(), HandlerError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Err(HandlerError::permanent("always"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_right_after_a_fault_is_not_refused() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let calls = Arc::new(AtomicUsize::new(0));
    let handle = manager.subscribe(FaultsAlways(Arc::clone(&calls)), quick(1)).await.unwrap();
    let position = bump(&store, [1]).await;
    for round in 1..=3_000 {
        manager.start().await.unwrap();
        while !matches!(
            handle.wait_for(position).within(Duration::ZERO).await,
            Err(eventsource::subscription::WaitError::Faulted { .. })
        ) {}
        let reset = handle.reset().await;
        assert!(matches!(reset, Err(ResetError::NoTruncateHook { .. })), "round {round}: {reset:?}");
        // Let the runner end, so that the next round begins with a start that starts.
        manager.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_stop_whose_effects_are_not_saved_says_so() {
    let store = MemoryEventStore::new();
    let faults = Faults::new();
    let checkpoints = FaultyCheckpoints::new(MemoryCheckpoints::new(), &faults);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone());
    let door = Door::shut();
    door.open();
    let effect = Effect::behind(&door);
    let handle = manager.subscribe(effect.clone(), SubscriptionConfig::default()).await.unwrap();
    faults.next(Point::Commit, Fault::Fail, usize::MAX);
    bump(&store, [1]).await;
    manager.start().await.unwrap();
    eventually("it waits", || async { handle.inspect().await.state.name() == "waiting" }).await;
    let stopped = manager.stop().await;
    let stored = checkpoints.load("effect").await.unwrap().unwrap().position;
    assert_eq!((effect.done.load(Ordering::SeqCst), stored), (1, Position::START));
    assert!(
        matches!(stopped, Err(ManagerError::NotSaved { .. })),
        "the checkpoint is behind, and stop said {stopped:?}"
    );
}

#[tokio::test]
async fn a_stop_saves_effects_where_the_store_is_back() {
    let store = MemoryEventStore::new();
    let faults = Faults::new();
    let checkpoints = FaultyCheckpoints::new(MemoryCheckpoints::new(), &faults);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone());
    let door = Door::shut();
    door.open();
    let effect = Effect::behind(&door);
    let handle = manager.subscribe(effect.clone(), SubscriptionConfig::default()).await.unwrap();
    faults.next(Point::Commit, Fault::Fail, usize::MAX);
    let position = bump(&store, [1]).await;
    manager.start().await.unwrap();
    eventually("it has tried often", || async { faults.left(Point::Commit) < usize::MAX - 6 }).await;
    faults.forget(Point::Commit);
    let stopped = manager.stop().await;
    manager.start().await.unwrap();
    handle.wait_for(position).await.unwrap();
    let done = effect.done.load(Ordering::SeqCst);
    assert_eq!(done, 1, "stop said {stopped:?}, and the effect was repeated without a crash");
}

/// A commit without an answer: stopped before it is settled.
#[tokio::test]
async fn a_stop_while_a_lost_answer_is_settled_knows_where_it_stands() {
    let store = MemoryEventStore::new();
    let faults = Faults::new();
    let checkpoints = FaultyCheckpoints::new(MemoryCheckpoints::new(), &faults);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone());
    let door = Door::shut();
    door.open();
    for _ in 0..50 {
        let handle = manager.subscribe(Effect::behind(&door), SubscriptionConfig::default()).await.unwrap();
        faults.next(Point::Commit, Fault::LoseAnswer, 1);
        bump(&store, [1]).await;
        manager.start().await.unwrap();
        eventually("the answer is lost", || async { faults.left(Point::Commit) == 0 }).await;
        manager.stop().await.unwrap();
        let stored = checkpoints.load("effect").await.unwrap().unwrap().position;
        let status = handle.inspect().await;
        assert_eq!(status.position, Some(stored), "after a clean stop the status tells of the stored checkpoint");
        manager.unsubscribe("effect").await.unwrap();
    }
}
