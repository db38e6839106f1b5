//! How many commits appends take that come together.

use crate::world::*;

/// Those of the events of a log: on PostgreSQL by their transactions, on SQLite by when they were stored, which is the
/// same for all events of a commit.
async fn commits(world: &impl Sql) -> usize {
    let transactions = "SELECT count(DISTINCT xmin::text) FROM {schema}.eventsource_events";
    let times = "SELECT count(DISTINCT recorded_at) FROM {schema}.eventsource_events";
    let sql = if world.arguments()[0] == "sqlite" { times } else { transactions };
    world.ask(sql).await.parse().unwrap()
}

/// The first one goes alone, and at once. What comes meanwhile goes together.
async fn what_comes_together_is_one_commit<W: Sql>() {
    let world = W::open().await;
    let store = world.store();
    let appends = (0..60).map(|n| append(&store, stream(n), ExpectedVersion::NoStream, vec![event(1)]));
    let answers = at_once(appends.collect()).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let commits = commits(&world).await;
    assert!(commits <= 3, "60 appends took {commits} commits");
}

/// An append that is alone does not wait for others: each is a commit.
async fn one_at_a_time_is_a_commit_each<W: Sql>() {
    let world = W::open().await;
    let store = world.store();
    for n in 0..10 {
        store.append(&stream(1), ExpectedVersion::Exact(n), vec![event(n)]).await.unwrap();
    }
    assert_eq!(commits(&world).await, 10);
}

/// Those that queue are stored in the order in which they came, also where they go to one stream.
async fn one_stream_grows_in_order<W: Sql>() {
    let world = W::open().await;
    let store = world.store();
    let appends = (0..40).map(|n| append(&store, stream(1), ExpectedVersion::Any, vec![event(n), event(n)]));
    let answers = at_once(appends.collect()).await;
    // The first one is on its way meanwhile: on PostgreSQL others may overtake it.
    let queued: Vec<_> = answers.iter().skip(1).flat_map(|answer| answer.as_ref().unwrap().versions()).collect();
    assert!(queued.is_sorted(), "{queued:?}");
    let stored: Vec<_> = log(&store).await.iter().map(|event| event.version()).collect();
    assert_eq!(stored, (1..=80).collect::<Vec<_>>());
}

/// A large append does not grow by others, nor is it split.
async fn large_appends_stay_whole<W: Sql>() {
    let world = W::open().await;
    let store = world.store();
    let events = |n: u64| (0..700).map(|by| event(n * 1_000 + by)).collect();
    let appends = (0..6).map(|n| append(&store, stream(n.into()), ExpectedVersion::NoStream, events(n)));
    let answers = at_once(appends.collect()).await;
    for answer in answers {
        let appended = answer.unwrap();
        assert_eq!(appended.versions().collect::<Vec<_>>(), (1..=700).collect::<Vec<_>>());
        assert!(appended.positions().is_sorted());
    }
    assert_eq!(commits(&world).await, 6, "1,000 events a commit at most");
}

on_both![
    what_comes_together_is_one_commit,
    one_at_a_time_is_a_commit_each,
    one_stream_grows_in_order,
    large_appends_stay_whole,
];
