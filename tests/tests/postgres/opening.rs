//! Opening and migrating.

use eventsource::prelude::*;
use eventsource::sqlx;
use eventsource::store::postgres::{PostgresDatabase, PostgresEventStore, PostgresOpenError, PostgresOptions};
use eventsource_tests::postgres::{Schema, url};

use crate::world::World;

#[tokio::test]
async fn a_schema_without_tables_says_to_migrate() {
    let schema = Schema::unmade();
    let error = PostgresDatabase::open_with(schema.options()).await.unwrap_err();
    assert!(matches!(error, PostgresOpenError::NotMigrated { found: 0, known: 2, .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(schema.name()) && text.contains("call `PostgresOptions::migrate`"), "{text}");
    schema.options().migrate().await.unwrap();
    schema.open().await;
    // Again is nothing.
    schema.options().migrate().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_may_migrate_at_once() {
    for _ in 0..5 {
        let schema = Schema::unmade();
        let all: Vec<_> = (0..8)
            .map(|_| {
                let options = schema.options();
                tokio::spawn(async move { options.migrate().await })
            })
            .collect();
        for migrated in all {
            migrated.await.unwrap().unwrap();
        }
        let db = schema.open().await;
        let sql = format!("SELECT count(*) FROM {}.eventsource_schema", schema.name());
        let versions: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(db.pool()).await.unwrap();
        assert_eq!(versions, 2);
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_with_both_versions() {
    let world = World::new().await;
    let mut conn = world.schema.connect().await;
    world.run(&mut conn, "INSERT INTO {schema}.eventsource_schema VALUES (7, 'from the future')").await.unwrap();
    for error in [
        PostgresDatabase::open_with(world.schema.options()).await.unwrap_err(),
        world.schema.options().migrate().await.unwrap_err(),
    ] {
        assert!(matches!(error, PostgresOpenError::NewerSchema { found: 7, known: 2, .. }), "{error:?}");
        assert!(error.to_string().contains("version 7") && error.to_string().contains("version 2"), "{error}");
    }
}

#[tokio::test]
async fn what_cannot_be_opened_says_why_and_never_shows_a_password() {
    let error = PostgresOptions::new("nonsense").unwrap_err();
    assert!(matches!(error, PostgresOpenError::Url { .. }), "{error:?}");
    let error = PostgresOptions::new(url()).unwrap().schema("a\"b").migrate().await.unwrap_err();
    assert!(matches!(error, PostgresOpenError::InvalidSchema { .. }), "{error:?}");
    let nobody = "postgres://me:secret@127.0.0.1:1/nowhere";
    let options = PostgresOptions::new(nobody).unwrap().acquire_timeout(std::time::Duration::from_millis(200));
    let error = PostgresDatabase::open_with(options).await.unwrap_err().to_string();
    assert!(error.contains("nowhere at 127.0.0.1:1") && !error.contains("secret"), "{error}");
}

#[tokio::test]
async fn two_logs_in_one_database_are_two() {
    let (one, two) = (World::new().await, World::new().await);
    let stream = StreamId::new("Order", uuid::Uuid::nil());
    let placed = || vec![NewEvent::raw("OrderPlaced", 1, r#"{"total":150}"#)];
    for world in [&one, &two] {
        world.store.append(&stream, ExpectedVersion::NoStream, placed()).await.unwrap();
        // The table is read by plain SQL.
        let sql =
            "SELECT (payload::json ->> 'total')::int FROM {schema}.eventsource_events WHERE event_type = 'OrderPlaced'";
        let total: i32 = sqlx::query_scalar(world.sql(sql)).fetch_one(world.db.pool()).await.unwrap();
        assert_eq!(total, 150);
    }
    assert_eq!(PostgresEventStore::new(&one.db).head().await.unwrap(), Position::new(1));
}

#[tokio::test]
async fn something_unreadable_is_named_by_its_position() {
    let world = World::new().await;
    eventsource_tests::domain::bump(&world.store, [1, 2, 3]).await;
    let mut conn = world.schema.connect().await;
    for sql in [
        "UPDATE {schema}.eventsource_events SET metadata = '7' WHERE position = 2",
        "UPDATE {schema}.eventsource_events SET metadata = NULL, version = -1 WHERE position = 2",
        "UPDATE {schema}.eventsource_events SET version = 2, schema_version = -1 WHERE position = 2",
    ] {
        world.run(&mut conn, sql).await.unwrap();
        let error = world.store.read_log(Position::START, &EventFilter::all(), 10).await.unwrap_err();
        assert!(matches!(error, eventsource::StoreError::Corrupt { .. }), "{sql}: {error:?}");
        assert!(error.to_string().contains("position 2"), "{error}");
    }
}
