//! A caller that gives up while a transaction begins leaves none behind, on a connection that another caller
//! is given next: what that one writes would never be committed.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use eventsource::postgres::{PostgresCheckpoints, PostgresDatabase, PostgresEventStore};
use eventsource::prelude::*;
use eventsource::projection::Claim;
use eventsource_tests::domain::bump;
use eventsource_tests::postgres::Schema;

use crate::world::World;

/// What `work` comes to, unless it takes more than so many polls.
async fn polled<T>(times: u32, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut left) = (pin!(work), times);
    poll_fn(|context| match left.checked_sub(1) {
        Some(fewer) => {
            left = fewer;
            work.as_mut().poll(context).map(Some)
        }
        None => Poll::Ready(None),
    })
    .await
}

/// With the fewest connections, which are given in turn, and a view of it from outside.
async fn given_up_at_any_moment<F: Future>(begin: impl Fn(PostgresDatabase, PostgresEventStore) -> F) {
    let schema = Schema::migrated().await;
    let db = PostgresDatabase::open_with(schema.options().connections(6)).await.unwrap();
    let (store, checkpoints) = (PostgresEventStore::new(&db), PostgresCheckpoints::new(&db));
    let outside = World::on(schema, |options| options).await;
    let (mut given_up, mut done) = (0, 0);
    for polls in (0..12).cycle().take(120) {
        match polled(polls, begin(db.clone(), store.clone())).await {
            Some(_) => done += 1,
            None => given_up += 1,
        }
        let position = bump(&store, [1]).await;
        assert_eq!(outside.store.head().await.unwrap(), position, "what is answered is stored");
        let claim = Claim::new("given-up", "", Position::START);
        let claimed = checkpoints.claim(&claim).await.unwrap();
        assert_eq!(outside.checkpoints.load("given-up").await.unwrap(), Some(claimed), "what is claimed is claimed");
    }
    assert!(given_up >= 10 && done > 0, "{given_up} were given up, and {done} were not");
}

#[tokio::test]
async fn a_transaction_of_the_users() {
    given_up_at_any_moment(|db, _| async move { drop(db.pool().begin().await) }).await;
}

#[tokio::test]
async fn a_page_of_the_log() {
    given_up_at_any_moment(|_, store| async move {
        store.read_log(Position::START, &EventFilter::all(), PageLimit::events(100)).await.unwrap();
    })
    .await;
}
