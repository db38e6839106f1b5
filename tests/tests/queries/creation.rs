//! The creation of the correlation index, in several processes, and after a creation that failed.

use eventsource::postgres::{PostgresDatabase, PostgresEventStore};
use eventsource::sqlx::{self, AssertSqlSafe, Connection as _};
use eventsource::store::{EventQueries as _, StoreError, StreamQuery};
use eventsource::{EventStore as _, ExpectedVersion, Metadata, NewEvent, Position, StreamId};
use eventsource_tests::backend::{Backend as _, Postgres, Sqlite};
use eventsource_tests::fill::Fill as _;
use eventsource_tests::wait::eventually;
use uuid::Uuid;

use crate::Queried;

fn order() -> StreamId {
    StreamId::new("Order", Uuid::now_v7())
}

fn placed(correlation_id: Uuid) -> Vec<NewEvent> {
    vec![NewEvent::raw("OrderPlaced", 1, "{}").with_metadata(Metadata::new().correlation_id(correlation_id))]
}

/// Several processes create the index while others append.
async fn is_created_once<B: Queried>() {
    let world = B::open().await;
    world.fill(1, 5_000).await;
    let append = async || {
        for _ in 0..20 {
            world.store().append(&order(), ExpectedVersion::NoStream, placed(Uuid::now_v7())).await.unwrap();
        }
    };
    let (one, two, three, ()) =
        tokio::join!(world.create_index(), world.create_index(), world.create_index(), append());
    assert!(one.is_ok() && two.is_ok() && three.is_ok(), "{one:?} {two:?} {three:?}");
    assert!(world.has_index().await);
}

#[tokio::test]
async fn index_that_is_created_by_several_at_once_is_complete_on_sqlite() {
    is_created_once::<Sqlite>().await;
}

#[tokio::test]
async fn index_that_is_created_by_several_at_once_is_complete_on_postgres() {
    is_created_once::<Postgres>().await;
}

/// PostgreSQL keeps an incomplete index after a creation that was cancelled.
#[tokio::test]
async fn creation_that_was_cancelled_is_repaired_by_the_next_one_on_postgres() {
    let world = Postgres::open().await;
    world.fill(1, 100).await;
    // The creation waits for this transaction.
    let mut conn = world.schema.connect().await;
    let mut held = conn.begin().await.unwrap();
    sqlx::raw_sql("UPDATE eventsource_events SET payload = '[]' WHERE position = 1").execute(&mut *held).await.unwrap();
    let db = world.db.clone();
    let creation = tokio::spawn(async move { db.create_correlation_index().await });
    let cancel = format!(
        "SELECT count(pg_cancel_backend(l.pid)) > 0 FROM pg_locks l JOIN pg_index i ON i.indexrelid = \
         to_regclass('{0}.eventsource_events_by_correlation') WHERE l.mode = 'ShareUpdateExclusiveLock' \
         AND l.relation = '{0}.eventsource_events'::regclass",
        world.schema.name()
    );
    eventually("the creation waits, and is cancelled", || {
        let (pool, sql) = (world.db.pool(), AssertSqlSafe(cancel.clone()));
        async move { sqlx::query_scalar(sql).fetch_one(pool).await.unwrap() }
    })
    .await;
    let failed = creation.await.unwrap().unwrap_err();
    assert!(matches!(&failed, StoreError::Failed { action, .. } if action.contains("by_correlation")), "{failed}");
    held.commit().await.unwrap();
    assert!(!world.has_index().await);
    let store = PostgresEventStore::new(&world.db);
    let found = async || store.correlated(Uuid::from_u128(7), Position::START, 200).await.unwrap();
    assert_eq!(found().await.events.len(), 1);
    world.create_index().await.unwrap();
    assert!(world.has_index().await);
    assert_eq!(found().await.events.len(), 1);
}

#[tokio::test]
async fn creation_through_a_pooler_needs_the_address_of_the_server() {
    let world = Postgres::open().await;
    let options = || world.schema.options().pooler_mode(true);
    let db = PostgresDatabase::open_with(options()).await.unwrap();
    let refused = db.create_correlation_index().await.unwrap_err();
    assert!(matches!(&refused, StoreError::Unsupported { action } if action.contains("listener_url")), "{refused}");
    let db = PostgresDatabase::open_with(options().listener_url(world.schema.url()).unwrap()).await.unwrap();
    db.create_correlation_index().await.unwrap();
    assert!(db.has_correlation_index().await.unwrap());
}

/// Events behind an append that is open are not readable, and no question finds them. Their streams are listed.
#[tokio::test]
async fn questions_end_at_the_horizon_on_postgres() {
    let world = Postgres::open().await;
    world.fill(1, 10).await;
    let (store, id) = (PostgresEventStore::new(&world.db), Uuid::now_v7());
    let mut conn = world.schema.connect().await;
    let mut held = conn.begin().await.unwrap();
    store.append_in(&mut held, &order(), ExpectedVersion::NoStream, placed(id)).await.unwrap();
    let since = eventsource::event::now();
    let later = store.append(&order(), ExpectedVersion::NoStream, placed(id)).await.unwrap().position();
    let found = async || {
        let page = store.correlated(id, Position::START, 10).await.unwrap();
        page.events.iter().map(|event| event.position()).collect::<Vec<_>>()
    };
    assert!(found().await.is_empty());
    assert_eq!(store.position_at(since).await.unwrap(), None);
    assert_eq!(store.list_event_types(None, 200).await.unwrap().len(), 10);
    let streams = store.list_streams(&StreamQuery::all()).await.unwrap().streams;
    assert_eq!(streams.len(), 11, "the stream that is committed is listed");
    held.rollback().await.unwrap();
    assert_eq!(found().await, [later]);
    assert_eq!(store.position_at(since).await.unwrap(), Some(later));
    assert_eq!(store.list_event_types(None, 200).await.unwrap().len(), 11);
    // The same with the index. Its creation would wait for an open append.
    world.create_index().await.unwrap();
    let mut held = conn.begin().await.unwrap();
    store.append_in(&mut held, &order(), ExpectedVersion::NoStream, placed(id)).await.unwrap();
    let last = store.append(&order(), ExpectedVersion::NoStream, placed(id)).await.unwrap().position();
    assert_eq!(found().await, [later]);
    held.rollback().await.unwrap();
    assert_eq!(found().await, [later, last]);
}
