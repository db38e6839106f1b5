//! How often the log is read: for ten subscriptions as for one.

use super::world::*;

/// How often the log of 10,000 events is read until subscriptions to these types have caught up.
async fn reads(subscriptions: &[&[&'static str]], batch_sizes: &[usize]) -> usize {
    let store = Watched::default();
    let end = fill(&store, 10_000).await;
    let manager = manager(&store);
    let mut handles = Vec::new();
    for (n, types) in subscriptions.iter().enumerate() {
        let size = batch_sizes[n % batch_sizes.len()];
        handles.push(subscribe(&manager, format!("s{n}"), Noted::types(types), size).await);
    }
    manager.start().await.unwrap();
    all_at(&handles, end).await;
    all_right(&store, &handles).await;
    manager.stop().await.unwrap();
    store.reads().len()
}

const ALL: &[&str] = &TYPES;

#[tokio::test]
async fn ten_subscriptions_to_the_same_read_the_log_as_often_as_one() {
    let one = reads(&[ALL], &[100]).await;
    assert_eq!(one, 101);
    let ten = reads(&[ALL; 10], &[100]).await;
    assert!(ten <= one + 2, "one reads {one} times, ten read {ten} times");
}

#[tokio::test]
async fn so_do_ten_that_ask_for_different_events() {
    let kinds = [&TYPES[..1], &TYPES[1..2], &TYPES[2..], &TYPES[..2], &TYPES[1..], ALL];
    let ten: Vec<_> = (0..10).map(|n| kinds[n % kinds.len()]).collect();
    let reads = reads(&ten, &[100]).await;
    assert!(reads <= 115, "one that asks for all of it reads 101 times, ten read {reads} times");
}

#[tokio::test]
async fn so_do_ten_with_batches_of_different_sizes() {
    let reads = reads(&[ALL; 10], &[100, 7, 50, 1_000, 999]).await;
    assert!(reads <= 60, "one with the largest batch reads 11 times, ten read {reads} times");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_do_ten_on_several_threads() {
    let reads = reads(&[ALL; 10], &[100]).await;
    // Which of them is how far is a matter of luck then, and of what else the machine does: 150 to 480 on two busy cores.
    assert!(reads <= 750, "one reads 101 times, ten read {reads} times, and 1,010 times each for itself");
}

#[tokio::test]
async fn live_an_append_is_read_for_all_at_once() {
    let store = Watched::default();
    let manager = manager(&store);
    let mut handles = Vec::new();
    for n in 0..10 {
        let types = if n % 2 == 0 { ALL } else { &TYPES[..1] };
        handles.push(subscribe(&manager, format!("s{n}"), Noted::types(types), 100).await);
    }
    manager.start().await.unwrap();
    all_at(&handles, fill(&store, 1).await).await;
    eventually("no read is under way", || async { store.reading.load(Ordering::SeqCst) == 0 }).await;
    store.forget();
    for _ in 0..20 {
        all_at(&handles, fill(&store, 1).await).await;
    }
    all_right(&store, &handles).await;
    let reads = store.reads().len();
    assert!(reads <= 60, "20 appends were read {reads} times for ten subscriptions");
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn alone_a_subscription_reads_through_its_own_filter() {
    let store = Watched::default();
    let end = fill(&store, 1_000).await;
    let manager = manager(&store);
    let rare = subscribe(&manager, "rare", Noted::types(&TYPES[..1]), 100).await;
    manager.start().await.unwrap();
    all_at(std::slice::from_ref(&rare), end).await;
    manager.stop().await.unwrap();
    let own = EventFilter::types([TYPES[0]]);
    assert!(store.reads().iter().all(|read| read.filter == own && read.limit == 100), "{:?}", store.reads());
    assert_eq!(store.reads().len(), 4);
}
