//! Those who are not where the others are: laggards, newcomers, paused ones.

use super::world::*;

const ALL: &[&str] = &TYPES;

#[tokio::test]
async fn slow_reader_delays_no_other_and_keeps_no_page() {
    let store = Watched::default();
    let end = fill(&store, 10_000).await;
    let manager = manager(&store);
    let (slow, release) = Noted::types(ALL).held_at(Position::new(50));
    let slow = subscribe(&manager, "slow", slow, 100).await;
    let mut handles = Vec::new();
    for n in 0..3 {
        handles.push(subscribe(&manager, format!("s{n}"), Noted::types(ALL), 100).await);
    }
    manager.start().await.unwrap();
    all_at(&handles, end).await;
    // Two pages of its own, and the window.
    assert!(store.held() <= 600, "{} events are held", store.held());
    store.forget();
    release.send_replace(true);
    handles.push(slow);
    all_at(&handles, end).await;
    all_right(&store, &handles).await;
    assert!(store.reads().len() >= 90, "it reads for itself: {}", store.reads().len());
    manager.stop().await.unwrap();
    drop(manager);
    assert_eq!(store.held(), 0);
}

#[tokio::test]
async fn page_that_all_have_passed_is_dropped() {
    let store = Watched::default();
    let end = fill(&store, 1_000).await;
    let manager = manager(&store);
    let mut handles = Vec::new();
    for n in 0..3 {
        handles.push(subscribe(&manager, format!("s{n}"), Noted::types(ALL), 100).await);
    }
    manager.start().await.unwrap();
    all_at(&handles, end).await;
    eventually("nothing is held", || async { store.held() == 0 }).await;
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn late_reader_is_given_everything() {
    let store = Watched::default();
    let end = fill(&store, 3_000).await;
    let manager = manager(&store);
    let mut handles = Vec::new();
    let mut releases = Vec::new();
    for n in 0..3 {
        let (held, release) = Noted::types(ALL).held_at(Position::new(1_500));
        handles.push(subscribe(&manager, format!("s{n}"), held, 100).await);
        releases.push(release);
    }
    manager.start().await.unwrap();
    all_at(&handles, Position::new(1_400)).await;
    let late = subscribe(&manager, "late", Noted::types(&TYPES[1..]), 64).await;
    all_at(std::slice::from_ref(&late), end).await;
    for release in &releases {
        release.send_replace(true);
    }
    handles.push(late);
    all_at(&handles, end).await;
    all_right(&store, &handles).await;
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn paused_reader_is_not_read_for() {
    let store = Watched::default();
    let manager = manager(&store);
    let rare = subscribe(&manager, "rare", Noted::types(&TYPES[..1]), 100).await;
    let all = subscribe(&manager, "all", Noted::types(ALL), 100).await;
    manager.start().await.unwrap();
    let mut handles = vec![rare, all];
    all_at(&handles, fill(&store, 3).await).await;
    manager.pause("all").await.unwrap();
    eventually("it is paused", || async { handles[1].inspect().await.state.name() == "paused" }).await;
    store.forget();
    let end = fill(&store, 3).await;
    all_at(&handles[..1], end).await;
    let own = EventFilter::types([TYPES[0]]);
    assert!(store.reads().iter().all(|read| read.filter == own), "{:?}", store.reads());
    manager.resume("all").await.unwrap();
    all_at(&handles, end).await;
    all_right(&store, &handles).await;
    manager.stop().await.unwrap();
    handles.clear();
}

#[tokio::test]
async fn filters_that_have_no_common_one_are_read_apart() {
    let store = Watched::default();
    let end = fill(&store, 1_000).await;
    let manager = manager(&store);
    let acme = EventFilter::types([TYPES[0]]).tenant("acme");
    let handles = [
        subscribe(&manager, "acme", Noted::of(acme.clone()), 100).await,
        subscribe(&manager, "shipped", Noted::types(&TYPES[1..2]), 100).await,
    ];
    manager.start().await.unwrap();
    all_at(&handles, end).await;
    all_right(&store, &handles).await;
    let own = EventFilter::types([TYPES[1]]);
    assert!(store.reads().iter().all(|read| read.filter == acme || read.filter == own), "{:?}", store.reads());
    manager.stop().await.unwrap();
}
