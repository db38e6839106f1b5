//! Wake-ups by LISTEN and NOTIFY: a hint, once a commit, from other processes as well, and never needed.

use std::time::Duration;

use eventsource::postgres::PostgresEventStore;
use eventsource::prelude::*;
use eventsource::sqlx::{self, Connection as _, PgConnection};
use eventsource_tests::domain::{Bumped, bump};
use eventsource_tests::wait::eventually;

use crate::world::World;

async fn listeners(conn: &mut PgConnection, world: &World) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%eventsource_' || \
               '{schema}.eventsource_events'::regclass::oid || '%'";
    sqlx::query_scalar(world.sql(sql)).fetch_one(conn).await.unwrap()
}

/// Long enough that a poll does not explain what happens.
fn patient() -> SubscriptionConfig {
    SubscriptionConfig::default().poll_interval(Duration::from_secs(600))
}

#[tokio::test]
async fn another_process_wakes_a_subscription_without_a_poll() {
    let world = World::new().await;
    let manager = world.manager();
    let rows = manager.subscribe(world.rows.clone(), patient()).await.unwrap();
    manager.start().await.unwrap();
    rows.caught_up().await.unwrap();
    // What another process would have: a database handle of its own, on the same schema.
    let other = PostgresEventStore::new(&world.schema.open().await);
    let mut conn = world.schema.connect().await;
    eventually("it listens", || async { listeners(&mut world.schema.connect().await, &world).await == 1 }).await;
    let position = bump(&other, [1]).await;
    rows.wait_for(position).within(Duration::from_secs(20)).await.unwrap();
    // In a transaction of the user's, the commit wakes.
    let mut tx = conn.begin().await.unwrap();
    let stream = StreamId::new("Counter", uuid::Uuid::now_v7());
    let event = vec![NewEvent::of(&Bumped { by: 2 }).unwrap()];
    let position = other.append_in(&mut tx, &stream, ExpectedVersion::Any, event).await.unwrap().position();
    tx.commit().await.unwrap();
    rows.wait_for(position).within(Duration::from_secs(20)).await.unwrap();
    assert_eq!(world.numbers().await, [1, 2]);
}

#[tokio::test]
async fn reconnected_listener_wakes_all_subscriptions() {
    let world = World::new().await;
    let mut conn = world.schema.connect().await;
    let mut wake_up = world.store.wake_ups().unwrap();
    wake_up.wait().await; // It has begun to listen.
    eventually("it listens", || async { listeners(&mut world.schema.connect().await, &world).await == 1 }).await;
    let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%eventsource_' || \
               '{schema}.eventsource_events'::regclass::oid || '%'";
    let ended: i64 = sqlx::query_scalar(world.sql(sql)).fetch_one(&mut conn).await.unwrap();
    assert_eq!(ended, 1);
    tokio::time::timeout(Duration::from_secs(20), wake_up.wait()).await.expect("whatever was missed, it looks again");
    let other = PostgresEventStore::new(&world.schema.open().await);
    bump(&other, [1]).await;
    tokio::time::timeout(Duration::from_secs(20), wake_up.wait()).await.expect("it listens again");
}

#[tokio::test]
async fn database_has_one_listener_until_it_is_dropped() {
    let world = World::new().await;
    let mut conn = world.schema.connect().await;
    let (store, again) = (PostgresEventStore::new(&world.db), PostgresEventStore::new(&world.db));
    let _listening = (store.wake_ups(), again.wake_ups(), world.store.wake_ups());
    eventually("it listens", || async { listeners(&mut world.schema.connect().await, &world).await > 0 }).await;
    assert_eq!(listeners(&mut conn, &world).await, 1);
    let World { schema, db, store: own, checkpoints, .. } = world;
    drop((store, again, own, checkpoints, db));
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%eventsource_' || \
         '{}.eventsource_events'::regclass::oid || '%'",
        schema.name()
    );
    eventually("no session listens", || async {
        let mut conn = schema.connect().await;
        let sql = sqlx::AssertSqlSafe(sql.clone());
        sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut conn).await.unwrap() == 0
    })
    .await;
}

#[tokio::test]
async fn append_notifies_once_for_every_size() {
    let world = World::new().await;
    let oid: i64 = sqlx::query_scalar(world.sql("SELECT '{schema}.eventsource_events'::regclass::oid::bigint"))
        .fetch_one(world.db.pool())
        .await
        .unwrap();
    let mut listener = sqlx::postgres::PgListener::connect(world.schema.url()).await.unwrap();
    listener.listen(&format!("eventsource_{oid}")).await.unwrap();
    bump(&world.store, 0..500).await;
    assert!(listener.recv().await.unwrap().payload().len() < 40);
    let mut conn = world.schema.connect().await;
    let mut tx = conn.begin().await.unwrap();
    for _ in 0..3 {
        let stream = StreamId::new("Counter", uuid::Uuid::now_v7());
        let events = (0..100).map(|by| NewEvent::of(&Bumped { by }).unwrap()).collect();
        world.store.append_in(&mut tx, &stream, ExpectedVersion::Any, events).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(listener.recv().await.unwrap().payload(), "");
    // A mark behind them: there is nothing in between.
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("NOTIFY eventsource_{oid}, 'mark'"))).execute(&mut conn).await.unwrap();
    assert_eq!(listener.recv().await.unwrap().payload(), "mark");
}
