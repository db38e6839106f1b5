//! Opening and migrating.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eventsource::postgres::{PostgresDatabase, PostgresEventStore, PostgresOpenError, PostgresOptions};
use eventsource::prelude::*;
use eventsource::sqlx;
use eventsource_tests::SCHEMA_VERSION;
use eventsource_tests::postgres::{Schema, url};
use eventsource_tests::wait::eventually;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::world::World;

/// As on SQLite.
#[tokio::test]
async fn opening_brings_the_tables_up_to_date() {
    let schema = Schema::unmade();
    let db = PostgresDatabase::open_with(schema.options()).await.unwrap();
    assert_eq!(PostgresEventStore::new(&db).head().await.unwrap(), Position::START);
    PostgresDatabase::open_with(schema.options().migrate_on_open(false)).await.unwrap();
}

#[tokio::test]
async fn a_schema_without_tables_says_to_migrate_where_opening_does_not() {
    let schema = Schema::unmade();
    let error = PostgresDatabase::open_with(schema.options().migrate_on_open(false)).await.unwrap_err();
    assert!(matches!(error, PostgresOpenError::NotMigrated { found: 0, known: SCHEMA_VERSION, .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(schema.name()) && text.contains("call `PostgresOptions::migrate`"), "{text}");
    schema.options().migrate().await.unwrap();
    schema.open().await;
    // Again is nothing.
    schema.options().migrate().await.unwrap();
}

/// Whatever the isolation level that the server gives by default: who has waited sees what the other one did.
#[tokio::test(flavor = "multi_thread")]
async fn several_processes_may_migrate_at_once() {
    for level in ["read committed", "repeatable read", "serializable", "read committed", "repeatable read"] {
        let schema = Schema::unmade();
        let connect: sqlx::postgres::PgConnectOptions = schema.url().parse().unwrap();
        let connect = connect.options([("default_transaction_isolation", level)]);
        let options = PostgresOptions::from_connect_options(connect).schema(schema.name());
        let all: Vec<_> = (0..8)
            .map(|_| {
                let options = options.clone();
                tokio::spawn(async move { options.migrate().await })
            })
            .collect();
        for migrated in all {
            migrated.await.unwrap().unwrap();
        }
        let db = schema.open().await;
        let sql = format!("SELECT max(version) FROM {}.eventsource_schema", schema.name());
        let newest: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(db.pool()).await.unwrap();
        assert_eq!(newest, SCHEMA_VERSION);
    }
}

/// A way to the server that stands still before the first message with `word` in it, until it is told to go on.
struct Freezing {
    options: PostgresOptions,
    frozen: Arc<Notify>,
    go_on: Arc<Notify>,
}

impl Freezing {
    async fn before(schema: &Schema, word: &'static str) -> Self {
        let server: sqlx::postgres::PgConnectOptions = schema.url().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (place, port) =
            (format!("{}:{}", server.get_host(), server.get_port()), listener.local_addr().unwrap().port());
        let options = PostgresOptions::from_connect_options(server.host("127.0.0.1").port(port)).schema(schema.name());
        let (frozen, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (tell, told) = (Arc::clone(&frozen), Arc::clone(&go_on));
        tokio::spawn(async move {
            let ((client, _), server) = (listener.accept().await.unwrap(), TcpStream::connect(&place).await.unwrap());
            let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                (client.into_split(), server.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
            let (mut asked, mut stands) = (vec![0; 65_536], false);
            while let Ok(bytes @ 1..) = from_client.read(&mut asked).await {
                if !stands && asked[..bytes].windows(word.len()).any(|part| part == word.as_bytes()) {
                    stands = true;
                    tell.notify_one();
                    told.notified().await;
                }
                if to_server.write_all(&asked[..bytes]).await.is_err() {
                    break;
                }
            }
        });
        Self { options, frozen, go_on }
    }
}

/// A migration is a transaction of ours like another: one whose process is frozen does not keep the others waiting.
#[tokio::test(flavor = "multi_thread")]
async fn frozen_migration_does_not_block_others_for_ever() {
    let schema = Schema::unmade();
    let way = Freezing::before(&schema, "INSERT INTO").await;
    let options = way.options.idle_in_transaction_session_timeout(Duration::from_secs(2));
    let frozen = tokio::spawn(async move { options.migrate().await });
    way.frozen.notified().await;
    let since = Instant::now();
    tokio::time::timeout(Duration::from_secs(20), schema.options().migrate()).await.expect("it goes on").unwrap();
    println!("a migration that stood still held another one up for {:?}", since.elapsed());
    assert!(since.elapsed() > Duration::from_secs(1), "it was not held up: {:?}", since.elapsed());
    way.go_on.notify_one();
    frozen.await.unwrap().unwrap_err();
    schema.open().await;
}

/// Undoes the migration of the columns by which letters are searched, and stores letters as before it.
const BEFORE_SEARCH: &[&str] = &[
    "DROP INDEX {schema}.eventsource_dead_letters_of_stream",
    "ALTER TABLE {schema}.eventsource_dead_letters DROP COLUMN event_type, DROP COLUMN error, DROP COLUMN failed_at",
    "DELETE FROM {schema}.eventsource_schema WHERE version >= 13",
    "INSERT INTO {schema}.eventsource_dead_letters \
     SELECT 'orders', n, 'Order', lpad(to_hex(n), 32, '0')::uuid, n % 2 = 0, 0, \
     '{\"subscription\":\"orders\",\"errors\":[\"no \\u0000 price\\nof ' || n || '\",\"a cause\"],\"event_type\":\"Placed\",\
     \"last_failed_at\":\"2026-01-02T03:04:05.' || lpad(n::text, 6, '0') || 'Z\"}' FROM generate_series(1, 100) AS n",
];

/// The lock of a table would block all statements behind it until the transaction ends that it waits for.
#[tokio::test(flavor = "multi_thread")]
async fn migration_that_waits_for_a_table_lets_other_processes_go_on() {
    let world = World::new().await;
    let mut conn = world.schema.connect().await;
    for sql in BEFORE_SEARCH {
        world.run(&mut conn, sql).await.unwrap();
    }
    let mut reader = world.schema.connect().await;
    world.run(&mut reader, "BEGIN").await.unwrap();
    let letters = "SELECT * FROM {schema}.eventsource_dead_letters";
    world.run(&mut reader, letters).await.unwrap();
    let options = world.schema.options();
    let migrated = tokio::spawn(async move { options.migrate().await });
    let waits = format!(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '{}.eventsource_dead_letters'::regclass",
        world.schema.name()
    );
    eventually("the migration waits", || async {
        let mut conn = world.schema.connect().await;
        let waiting: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(&*waits)).fetch_one(&mut conn).await.unwrap();
        waiting > 0
    })
    .await;
    let read = tokio::time::timeout(Duration::from_secs(20), world.run(&mut conn, letters)).await;
    assert_eq!(read.expect("another process goes on").unwrap(), 100);
    world.run(&mut reader, "COMMIT").await.unwrap();
    migrated.await.unwrap().unwrap();
    let filled = "SELECT count(*) FROM {schema}.eventsource_dead_letters WHERE event_type = 'Placed' \
                  AND error = 'no \u{fffd} price' AND failed_at = '2026-01-02 03:04:05Z'::timestamptz + position * interval '1 us'";
    let filled: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(filled.replace("{schema}", world.schema.name())))
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(filled, 100, "the letters that were there");
}

#[tokio::test]
async fn a_newer_schema_is_refused_with_both_versions() {
    let world = World::new().await;
    let mut conn = world.schema.connect().await;
    world.run(&mut conn, "INSERT INTO {schema}.eventsource_schema VALUES (99, 'from the future')").await.unwrap();
    for error in [
        PostgresDatabase::open_with(world.schema.options()).await.unwrap_err(),
        world.schema.options().migrate().await.unwrap_err(),
    ] {
        assert!(matches!(error, PostgresOpenError::NewerSchema { found: 99, known: SCHEMA_VERSION, .. }), "{error:?}");
        let known = format!("versions up to {SCHEMA_VERSION}");
        assert!(error.to_string().contains("version 99") && error.to_string().contains(&known), "{error}");
    }
}

#[tokio::test]
async fn edited_migration_is_refused_with_its_number() {
    let world = World::new().await;
    let mut conn = world.schema.connect().await;
    let edit = "UPDATE {schema}.eventsource_schema SET checksum = checksum + 1 WHERE version = 8";
    assert_eq!(world.run(&mut conn, edit).await.unwrap(), 1);
    for migrates in [true, false] {
        let options = world.schema.options().migrate_on_open(migrates);
        let error = PostgresDatabase::open_with(options).await.unwrap_err();
        let is_edited =
            matches!(error, PostgresOpenError::EditedMigration { migration: 8, name: "letters_by_key", .. });
        assert!(is_edited, "{error}");
    }
}

#[tokio::test]
async fn edited_migration_is_refused_before_a_pending_one_is_applied() {
    let world = World::new().await;
    let mut conn = world.schema.connect().await;
    // The newest migration counts as pending. To apply it would fail: its column is there.
    let pending = "DELETE FROM {schema}.eventsource_schema \
                   WHERE version = (SELECT max(version) FROM {schema}.eventsource_schema)";
    assert_eq!(world.run(&mut conn, pending).await.unwrap(), 1);
    let edit = "UPDATE {schema}.eventsource_schema SET checksum = checksum + 1 WHERE version = 8";
    assert_eq!(world.run(&mut conn, edit).await.unwrap(), 1);
    for migrates in [true, false] {
        let options = world.schema.options().migrate_on_open(migrates);
        let error = PostgresDatabase::open_with(options).await.unwrap_err();
        assert!(matches!(error, PostgresOpenError::EditedMigration { migration: 8, .. }), "{error}");
    }
    let error = world.schema.options().migrate().await.unwrap_err();
    assert!(matches!(error, PostgresOpenError::EditedMigration { migration: 8, .. }), "{error}");
}

#[tokio::test]
async fn failed_open_says_why_and_hides_the_password() {
    let error = PostgresOptions::new("nonsense").unwrap_err();
    assert!(matches!(error, PostgresOpenError::Url { .. }), "{error:?}");
    let error = PostgresOptions::new(url()).unwrap().schema("a\"b").migrate().await.unwrap_err();
    assert!(matches!(error, PostgresOpenError::InvalidSchema { .. }), "{error:?}");
    let unreachable = "postgres://me:secret@127.0.0.1:1/nowhere";
    let options = PostgresOptions::new(unreachable).unwrap().acquire_timeout(std::time::Duration::from_millis(200));
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
async fn an_event_that_cannot_be_read_comes_in_its_place_with_the_column_named() {
    let world = World::new().await;
    eventsource_tests::domain::bump(&world.store, [1, 2, 3]).await;
    let mut conn = world.schema.connect().await;
    for (sql, column, raw) in [
        ("UPDATE {schema}.eventsource_events SET metadata = '7' WHERE position = 2", "metadata", "7"),
        (
            "UPDATE {schema}.eventsource_events SET metadata = NULL, version = -1 WHERE position = 2",
            "version",
            "ffffffffffffffff",
        ),
        (
            "UPDATE {schema}.eventsource_events SET version = 2, schema_version = -1 WHERE position = 2",
            "schema_version",
            "ffffffffffffffff",
        ),
    ] {
        world.run(&mut conn, sql).await.unwrap();
        let page = world.store.read_log(Position::START, &EventFilter::all(), PageLimit::events(10)).await.unwrap();
        let positions: Vec<_> = page.events.iter().map(|event| event.position().value()).collect();
        assert_eq!(positions, [1, 2, 3], "{sql}");
        let unreadable = page.events[1].unreadable().unwrap();
        assert_eq!((unreadable.column, &*unreadable.raw), (column, raw), "{unreadable}");
        assert!(page.events[0].unreadable().is_none() && page.events[2].unreadable().is_none(), "{sql}");
    }
}
