//! No reader is given an end of the log that is older than its question.

use super::world::*;

const ALL: &[&str] = &TYPES;

/// Two that are live; the second one looks into the log every 10 ms, the first one hardly ever.
async fn two(store: &Watched, first: Noted) -> (Manager, SubscriptionHandle<Noted>, SubscriptionHandle<Noted>) {
    let manager = manager(store);
    let first = subscribe(&manager, "first", first, 100).await;
    let config = SubscriptionConfig::from_beginning().name("second");
    let config = config.poll_interval(Duration::from_millis(10));
    let second = manager.subscribe(Noted::types(ALL), config).await.unwrap();
    manager.start().await.unwrap();
    (manager, first, second)
}

#[tokio::test]
async fn a_wake_up_is_not_answered_by_a_read_that_was_under_way() {
    let store = Watched::default();
    let (first, release) = Noted::types(ALL).held_at(Position::new(1));
    let (manager, first, second) = two(&store, first).await;
    let one = fill(&store, 1).await;
    second.wait_for(one).within(DEADLINE).await.unwrap();
    // The second one looks into the log, finds nothing, and does not know it yet.
    let gate = store.close();
    eventually("the log is read", || async { store.stopped.load(Ordering::SeqCst) > 0 }).await;
    let reads = store.reads().len();
    let two = fill(&store, 1).await;
    // The first one is done with what it did, was woken meanwhile, and asks for what is being read.
    release.send_replace(true);
    first.wait_for(one).within(DEADLINE).await.unwrap();
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    assert_eq!(store.reads().len(), reads, "it waits for what is being read: {:?}", store.reads());
    store.open();
    drop(gate);
    first.wait_for(two).within(DEADLINE).await.unwrap();
    second.wait_for(two).within(DEADLINE).await.unwrap();
    all_right(&store, &[first, second]).await;
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn the_end_of_what_was_read_of_late_is_not_the_end_of_the_log() {
    let store = Watched::default();
    let (first, release) = Noted::types(ALL).held_at(Position::new(1));
    let (manager, first, second) = two(&store, first).await;
    let end = {
        let one = fill(&store, 1).await;
        second.wait_for(one).within(DEADLINE).await.unwrap();
        let mut end = one;
        for _ in 0..3 {
            end = fill(&store, 1).await;
            second.wait_for(end).within(DEADLINE).await.unwrap();
        }
        end
    };
    // What comes next is appended while the first one is about to be given what the second one has read.
    release.send_replace(true);
    let last = fill(&store, 1).await;
    assert!(last > end);
    first.wait_for(last).within(DEADLINE).await.unwrap();
    second.wait_for(last).within(DEADLINE).await.unwrap();
    all_right(&store, &[first, second]).await;
    manager.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appended_events_arrive_without_a_poll() {
    let store = Watched::default();
    let manager = Arc::new(manager(&store));
    let mut handles = Vec::new();
    for n in 0..6 {
        let types = [ALL, &TYPES[..1], &TYPES[1..]][n % 3];
        handles.push(subscribe(&manager, format!("s{n}"), Noted::types(types), [1, 3, 100][n % 3]).await);
    }
    manager.start().await.unwrap();
    for round in 0..500 {
        let position = fill(&store, 1 + round % 4).await;
        let handle = &handles[round % handles.len()];
        handle.wait_for(position).within(DEADLINE).await.unwrap();
    }
    all_at(&handles, store.head().await.unwrap()).await;
    all_right(&store, &handles).await;
    manager.stop().await.unwrap();
}
