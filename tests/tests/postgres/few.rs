//! Few connections: one budget, which is never exceeded, and progress for any number of subscriptions.

use std::sync::Arc;
use std::time::Duration;

use eventsource::postgres::{PostgresDatabase, PostgresOpenError, PostgresOptions};
use eventsource::prelude::*;
use eventsource::sqlx::{self, Connection as _, PgConnection};
use eventsource_tests::domain::Bumped;
use eventsource_tests::postgres::{Schema, Server};
use eventsource_tests::wait::{DEADLINE, eventually};
use uuid::Uuid;

use crate::world::World;

/// A server that gives so many connections, and a schema on it.
async fn server_with(connections: u32) -> (Server, Schema) {
    let configure =
        |_: &std::path::Path| format!("max_connections = {connections}\nsuperuser_reserved_connections = 0\n");
    let server = Server::configured(configure);
    let schema = Schema::unmade_on(&server.url());
    schema.options().migrate().await.unwrap();
    (server, schema)
}

async fn append(store: &impl EventStore, events: u64) -> Position {
    let mut last = Position::START;
    for by in 0..events {
        let stream = StreamId::new("Counter", Uuid::from_u128(u128::from(by % 5)));
        let event = NewEvent::of(&Bumped { by }).unwrap();
        last = store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap().position();
    }
    last
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_subscriptions_on_six_connections_apply_everything() {
    let (_server, schema) = server_with(8).await;
    let world = World::on(schema, |options| options.connections(6)).await;
    let (manager, store) = (world.manager(), world.store.clone());
    let mut handles = Vec::new();
    for n in 0..20 {
        let config = SubscriptionConfig::default().name(format!("rows-{n}")).batch_size(20);
        handles.push(manager.subscribe(world.rows.clone(), config).await.unwrap());
    }
    // One connection is the test's.
    let mut conn = world.schema.connect().await;
    let most = Arc::new(std::sync::atomic::AtomicI64::new(0));
    let seen = Arc::clone(&most);
    let counting = tokio::spawn(async move {
        loop {
            let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'eventsource'";
            let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap();
            seen.fetch_max(count, std::sync::atomic::Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    append(&store, 50).await;
    manager.start().await.unwrap();
    let last = append(&store, 100).await;
    for handle in &handles {
        handle.wait_for(last).within(DEADLINE).await.unwrap();
    }
    counting.abort();
    assert_eq!(world.numbers().await.len(), 20 * 150);
    let most = most.load(std::sync::atomic::Ordering::SeqCst);
    assert!((1..=6).contains(&most), "{most} connections");
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn fewer_connections_than_needed_are_refused_with_the_sum() {
    let schema = Schema::migrated().await;
    let error = PostgresDatabase::open_with(schema.options().connections(5)).await.unwrap_err();
    assert!(matches!(error, PostgresOpenError::TooFewConnections { connections: 5, fewest: 6, .. }), "{error}");
    assert!(error.to_string().contains("1 that appends"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn state_names_the_server_that_has_too_many_clients() {
    let (server, schema) = server_with(7).await;
    let options = |options: PostgresOptions| options.connections(6).acquire_timeout(Duration::from_secs(1));
    let world = World::on(schema, options).await;
    let (manager, store) = (world.manager(), world.store.clone());
    let handle = manager.subscribe(world.rows.clone(), SubscriptionConfig::default()).await.unwrap();
    // Others take what is left.
    let mut others = Vec::new();
    while let Ok(conn) = PgConnection::connect(&server.url()).await {
        others.push(conn);
    }
    manager.start().await.unwrap();
    eventually("the reason is named", || async {
        let reason = handle.inspect().await.state.reason().unwrap_or_default();
        reason.contains("too many clients")
    })
    .await;
    for conn in others {
        conn.close().await.unwrap();
    }
    let last = append(&store, 3).await;
    handle.wait_for(last).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
}
