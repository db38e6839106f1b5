//! Correlated events, with the index and without it.

use eventsource::store::CorrelatedPage;
use eventsource::{EventStore as _, ExpectedVersion, Metadata, NewEvent, Position, StreamId};
use eventsource_tests::backend::{Postgres, Sqlite};
use uuid::Uuid;

use crate::{Queried, queries};

/// Returns the positions of the events with the correlation id `7`, and the unsearched part.
async fn sevens(world: &impl Queried, after: u64) -> (Vec<u64>, Option<Position>) {
    let store = world.store();
    let page: CorrelatedPage = queries(&store).correlated(Uuid::from_u128(7), Position::new(after), 200).await.unwrap();
    (page.events.iter().map(|event| event.position().value()).collect(), page.unsearched_to)
}

/// Only the last events are searched without the index, and the page says so.
async fn search_without_an_index_ends<B: Queried>() {
    let world = B::open().await;
    let expected = |from: u64, to: u64| (from..=to).filter(|n| n % 100 == 7).collect::<Vec<_>>();
    world.fill(1, 10_000).await;
    assert_eq!(sevens(&world, 0).await, (expected(1, 10_000), None));
    world.fill(10_001, 10_020).await;
    assert_eq!(sevens(&world, 0).await, (expected(21, 10_020), Some(Position::new(20))));
    assert_eq!(sevens(&world, 19).await, (expected(21, 10_020), Some(Position::new(20))));
    assert_eq!(sevens(&world, 20).await, (expected(21, 10_020), None));
    assert_eq!(sevens(&world, 9_000).await, (expected(9_001, 10_020), None));
    assert!(!world.has_index().await);
    world.create_index().await.unwrap();
    assert!(world.has_index().await);
    assert_eq!(sevens(&world, 0).await, (expected(1, 10_020), None));
    world.create_index().await.unwrap();
    // Later events are in the index.
    let metadata = Metadata::new().correlation_id(Uuid::from_u128(7));
    let event = NewEvent::raw("OrderPlaced", 1, "{}").with_metadata(metadata);
    let appended = store_one(&world, event).await;
    assert_eq!(sevens(&world, 10_000).await, (vec![10_007, appended], None));
}

async fn store_one(world: &impl Queried, event: NewEvent) -> u64 {
    let order = StreamId::new("Order", Uuid::now_v7());
    world.store().append(&order, ExpectedVersion::NoStream, vec![event]).await.unwrap().position().value()
}

#[tokio::test]
async fn correlated_search_without_an_index_is_bounded_on_sqlite() {
    search_without_an_index_ends::<Sqlite>().await;
}

#[tokio::test]
async fn correlated_search_without_an_index_is_bounded_on_postgres() {
    search_without_an_index_ends::<Postgres>().await;
}
