//! A memory projection that is replayed: letters stay, and nothing is applied too early.

use super::world::*;

fn once() -> SubscriptionConfig {
    attempts(1)
}

/// A letter that becomes one as the log is replayed holds what was applied before.
#[tokio::test(start_paused = true)]
async fn events_parked_by_a_replay_are_counted() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let kept = Kept::default();
    // The first one is applied, and fails as the log is replayed because of the last one.
    kept.script.next(1, [Act::Fine, Act::Permanent]);
    kept.script.next(9, [Act::Panic; 2]);
    let handle = manager.subscribe(kept, once()).await.unwrap();
    manager.start().await.unwrap();
    bump_at(&store, 1, [1, 2, 3]).await;
    bump_at(&store, 2, [9]).await;
    handle.caught_up().within(DEADLINE).await.unwrap();
    let letters = handle.dead_letters().list().await.unwrap();
    assert_eq!(letters.iter().map(|letter| letter.held).collect::<Vec<_>>(), [2, 0]);
    let retried = handle.dead_letters().retry_all().await.unwrap();
    assert_eq!((retried.applied, retried.left.len()), (4, 0));
    assert_eq!(handle.read().await.numbers, [1, 2, 3, 9]);
}

/// The event that was cut off waits behind the letter that its stream got in the replay, and does not take its place.
#[tokio::test(start_paused = true)]
async fn an_event_that_was_cut_off_does_not_push_its_streams_letter_out() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let kept = Kept::default();
    kept.script.next(1, [Act::Fine, Act::Permanent]);
    kept.script.next(3, [Act::Panic]);
    let handle = manager.subscribe(kept, once().batch_size(1)).await.unwrap();
    manager.start().await.unwrap();
    bump(&store, [1, 2, 3]).await;
    handle.caught_up().within(DEADLINE).await.unwrap();
    let letters = handle.dead_letters().list().await.unwrap();
    assert_eq!(letters.iter().map(|letter| (letter.version, letter.held)).collect::<Vec<_>>(), [(1, 2)]);
    handle.dead_letters().retry_all().await.unwrap();
    assert_eq!(handle.read().await.numbers, [1, 2, 3]);
}

/// A retry that causes a replay delays the other retries until the log is replayed.
#[tokio::test(start_paused = true)]
async fn a_retry_does_not_apply_to_a_state_that_is_being_replayed() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let kept = Kept::default();
    kept.script.next(2, [Act::Permanent, Act::Panic]);
    kept.script.next(12, [Act::Permanent]);
    let handle = manager.subscribe(kept, once()).await.unwrap();
    manager.start().await.unwrap();
    bump_at(&store, 1, [1, 2]).await;
    bump_at(&store, 2, [11, 12]).await;
    handle.caught_up().within(DEADLINE).await.unwrap();
    let retried = handle.dead_letters().retry_all().await.unwrap();
    assert_eq!((retried.applied, retried.left.len()), (0, 2), "the second one is left for another time");
    eventually("it is live", || async { handle.inspect().await.state.name() == "live" }).await;
    assert_eq!(handle.read().await.numbers, [1, 11]);
    handle.dead_letters().retry_all().await.unwrap();
    assert_eq!(handle.read().await.numbers, [1, 11, 2, 12]);
}

/// What was skipped stays skipped, also where its stream is parked further up in the replay, and released again.
#[tokio::test(start_paused = true)]
async fn skipped_event_is_not_brought_back_by_a_retry() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let kept = Kept::default();
    kept.script.next(1, [Act::Fine, Act::Transient]);
    kept.script.next(3, [Act::Permanent]);
    kept.script.next(9, [Act::Panic; 2]);
    let config = once().on_permanent_failure(FailurePolicy::Skip);
    let handle = manager.subscribe(kept, config).await.unwrap();
    manager.start().await.unwrap();
    bump_at(&store, 1, [1, 2, 3, 4]).await;
    bump_at(&store, 2, [9]).await;
    handle.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(handle.dead_letters().list().await.unwrap()[0].held, 2, "the skipped one waits for nothing");
    handle.dead_letters().retry_all().await.unwrap();
    assert_eq!(handle.read().await.numbers, [1, 2, 4]);
    assert_eq!(handle.dead_letters().dismissed().await.unwrap().len(), 2);
}

/// A handler that is dropped half-way with its runtime has left something half done.
#[test]
fn state_left_by_a_lost_runtime_starts_empty() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let kept = Kept::default();
    let script = kept.script.clone();
    script.next(2, [Act::Hang]);
    let first = runtime();
    let handle = first.block_on(async {
        let handle = manager.subscribe(kept, once()).await.unwrap();
        manager.start().await.unwrap();
        bump(&store, [1, 2, 3]).await;
        eventually("the handler hangs", || async { script.calls(2) == 1 }).await;
        handle
    });
    drop(first);
    runtime().block_on(async {
        manager.start().await.unwrap();
        handle.caught_up().within(DEADLINE).await.unwrap();
        assert_eq!(handle.read().await.numbers, [1, 2, 3]);
    });
}

#[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
#[event(aggregate = "Counter", name = "counter.bumped")]
struct Renamed {
    by: u64,
}

#[derive(Clone, Default)]
struct Names(Vec<u64>);

#[projection(name = "names")]
impl Names {
    #[handles(Renamed)]
    fn renamed(&mut self, event: &Renamed) {
        self.0.push(event.by);
    }
}

/// "A replay of events of a class asks for the class's name, where another one is stored": live and replayed, an event
/// is known by its stored name.
#[tokio::test(start_paused = true)]
async fn an_event_is_replayed_by_its_stored_name() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let handle = manager.subscribe(Names::default(), once()).await.unwrap();
    let append = async |by| {
        let event = NewEvent::of(&Renamed { by }).unwrap();
        store.append(&StreamId::new("Counter", Uuid::now_v7()), ExpectedVersion::NoStream, vec![event]).await.unwrap()
    };
    append(1).await;
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    handle.wait_for(append(2).await.position()).within(DEADLINE).await.unwrap();
    handle.rebuild().await.unwrap().await.unwrap();
    assert_eq!(handle.read().await.0, [1, 2]);
}
