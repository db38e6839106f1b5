//! Two processes with the same subscription, and the handover from one to the other.

use super::world::*;
use eventsource::projection::{Claim, Lease};

fn pair(store: &MemoryEventStore) -> (Manager, Manager, MemoryCheckpoints) {
    let checkpoints = MemoryCheckpoints::new();
    let manager = || SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints.clone());
    (manager(), manager(), checkpoints)
}

/// "No locking of subscriptions: two processes with the same name both process."
#[tokio::test(start_paused = true)]
async fn two_processes_with_one_name_do_not_both_process() {
    let store = MemoryEventStore::new();
    let (one, other, _) = pair(&store);
    let done = Done::default();
    let first = one.subscribe(done.clone(), attempts(1)).await.unwrap();
    one.start().await.unwrap();
    first.caught_up().within(DEADLINE).await.unwrap();
    let second = other.subscribe(done.clone(), attempts(1)).await.unwrap();
    other.start().await.unwrap();
    for n in 1..=10 {
        first.wait_for(bump(&store, [n]).await).within(DEADLINE).await.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    assert_eq!(done.numbers(), (1..=10).collect::<Vec<_>>());
    let state = second.inspect().await.state;
    assert!(state.reason().is_some() && state.name() == "standing by", "{state:?}");
}

/// "No production leader elector": when the first one stops, the second goes on where it was.
#[tokio::test(start_paused = true)]
async fn the_standby_goes_on_where_the_first_one_stopped() {
    let store = MemoryEventStore::new();
    let (one, other, _) = pair(&store);
    let done = Done::default();
    let first = one.subscribe(done.clone(), attempts(1)).await.unwrap();
    one.start().await.unwrap();
    first.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    let second = other.subscribe(done.clone(), attempts(1)).await.unwrap();
    other.start().await.unwrap();
    one.stop().await.unwrap();
    second.wait_for(bump(&store, [2]).await).within(Duration::from_secs(3)).await.unwrap();
    assert_eq!(done.numbers(), [1, 2]);
}

/// "No fencing": the one that was taken over changes nothing any more, and says so.
#[tokio::test(start_paused = true)]
async fn the_one_that_was_taken_over_is_fenced() {
    let store = MemoryEventStore::new();
    let (one, _, checkpoints) = pair(&store);
    let models = MemoryReadModels::new(&checkpoints);
    let handle = one.subscribe(Sums::default(), attempts(1)).await.unwrap();
    one.start().await.unwrap();
    handle.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    let stored = checkpoints.load("sums").await.unwrap().unwrap();
    checkpoints.claim(&Claim::new("sums", &stored.fingerprint, Position::START)).await.unwrap();
    // It would take the checkpoint back after a pause, were there no lease.
    let lease = Lease::new("its successor", Duration::from_secs(3_600));
    checkpoints.claim(&Claim::new("sums", &stored.fingerprint, Position::START).under(lease)).await.unwrap();
    let error = handle.wait_for(bump(&store, [2]).await).within(DEADLINE).await.unwrap_err();
    assert!(error.to_string().contains("its successor owns it"), "{error}");
    assert!(handle.inspect().await.last_error.is_some_and(|error| error.contains("taken it over")));
    let sum = models.repository::<Sum>().get(Uuid::from_u128(1)).await.unwrap().unwrap();
    assert_eq!((sum.total, sum.events), (1, 1));
}

/// The same where nothing is to be applied, and after its store has panicked while it renewed the lease: it does not go on
/// as live for as long as it has nothing to save.
#[tokio::test(start_paused = true)]
async fn the_one_that_was_taken_over_hears_of_it_while_idle() {
    let (store, faults, checkpoints) = (MemoryEventStore::new(), Faults::new(), MemoryCheckpoints::new());
    let faulty = FaultyCheckpoints::new(checkpoints.clone(), &faults);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), faulty);
    let handle = manager.subscribe(Sums::default(), attempts(1)).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(bump(&store, [1]).await).within(DEADLINE).await.unwrap();
    faults.next(Point::Renew, Fault::Panic, 1);
    eventually("its store panics", || async { faults.count(Point::Renew) == 1 }).await;
    let stored = checkpoints.load("sums").await.unwrap().unwrap();
    checkpoints.claim(&Claim::new("sums", &stored.fingerprint, Position::START)).await.unwrap();
    eventually("it is fenced", || async { handle.inspect().await.state.name() == "fenced" }).await;
}
