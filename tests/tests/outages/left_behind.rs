//! What a handler leaves on its connection reaches neither its neighbours nor the events around it, nor any append.

use eventsource::postgres::{PostgresDatabase, PostgresOptions};
use eventsource::prelude::*;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteOptions};
use eventsource::sqlx::postgres::PgConnectOptions;
use eventsource::sqlx::{self, AssertSqlSafe};
use eventsource_tests::backend::{Backend, Postgres, Sql as _};
use eventsource_tests::postgres::Schema;
use eventsource_tests::wait::DEADLINE;

use crate::scripted::{PgScripted, Script, SqliteScripted, bump_apart, strict};

/// A schema in the search path of its connections, another one with the same tables, and a role without rights.
async fn postgres() -> Postgres {
    let (schema, _server) = Schema::of_a_superuser().await;
    let path = schema.name().to_owned();
    let connect: PgConnectOptions = schema.url().parse().unwrap();
    let connect = connect.options([("search_path", path.as_str())]);
    let db = PostgresDatabase::open_with(PostgresOptions::from_connect_options(connect).schema(&path)).await.unwrap();
    let tables = "CREATE TABLE rows (by bigint); CREATE TABLE neighbours (by bigint, CHECK (by > 0))";
    let other = format!("CREATE SCHEMA other_{path}; SET LOCAL search_path = other_{path}; {tables}");
    for sql in [tables.to_owned(), other] {
        sqlx::raw_sql(AssertSqlSafe(format!("BEGIN; {sql}; COMMIT"))).execute(db.pool()).await.unwrap();
    }
    Postgres { schema, db }
}

#[tokio::test]
async fn session_that_a_postgres_handler_changes_is_as_new_for_every_other_event() {
    let backend = postgres().await;
    let name = backend.schema.name().to_owned();
    let leaves = [
        format!("SET search_path = other_{name}"),
        format!("SET LOCAL search_path = other_{name}"),
        "CREATE TEMP TABLE neighbours (by bigint); CREATE TEMP TABLE rows (by bigint);".to_owned(),
        "SET session_replication_role = replica".to_owned(),
        "SET ROLE pg_read_all_data".to_owned(),
        "SET SESSION AUTHORIZATION pg_monitor".to_owned(),
        "SET statement_timeout = 1".to_owned(),
        "SET default_transaction_read_only = on".to_owned(),
        "SET app.tenant = 'this one'".to_owned(),
        "LISTEN eventsource_test; SELECT pg_advisory_lock(42);".to_owned(),
        "DECLARE kept CURSOR WITH HOLD FOR SELECT 1".to_owned(),
    ];
    let (script, manager) = (Script::default(), backend.manager());
    let scripted = |insert: &str, script: &Script| PgScripted { script: script.clone(), insert: insert.to_owned() };
    let config = || strict().batch_size(4);
    let own = scripted("INSERT INTO rows (by) VALUES ($1)", &script);
    let neighbour = scripted("INSERT INTO neighbours (by) VALUES ($1)", &Script::default());
    let own = manager.subscribe(own, config()).await.unwrap();
    let neighbour = manager.subscribe(neighbour, config().name("neighbour")).await.unwrap();
    // History, in batches of several events; then events that are alone.
    for (by, sql) in (1..).step_by(2).zip(&leaves) {
        script.always(by, sql.clone());
        script.always(by + 100, sql.clone());
    }
    let mut events = leaves.len() as u64 * 2;
    bump_apart(&backend.store(), 1..=events).await;
    manager.start().await.unwrap();
    for by in 101..=100 + events {
        let last = bump_apart(&backend.store(), [by]).await;
        own.wait_for(last).within(DEADLINE).await.unwrap();
        neighbour.wait_for(last).within(DEADLINE).await.unwrap();
    }
    events *= 2;
    for handle in [&own, &neighbour] {
        assert_eq!(handle.dead_letters().list().await.unwrap(), []);
    }
    let count = "SELECT (SELECT count(*) FROM {schema}.rows) || ' ' || (SELECT count(*) FROM {schema}.neighbours)";
    assert_eq!(backend.ask(count).await, format!("{events} {events}"));
    let left = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 42";
    assert_eq!(backend.ask(left).await, "0");
    let noted = own.inspect().await.last_error.unwrap();
    assert!(noted.contains("one by one"), "{noted}");
    assert_eq!(neighbour.inspect().await.last_error, None);
}

async fn sqlite(options: SqliteOptions) {
    let db = SqliteDatabase::open_with(options).await.unwrap();
    let tables = "CREATE TABLE rows (by); CREATE TABLE neighbours (by CHECK (by > 0))";
    sqlx::raw_sql(tables).execute(db.pool()).await.unwrap();
    let store = SqliteEventStore::new(&db);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), SqliteCheckpoints::new(&db));
    let leaves = [
        "PRAGMA query_only = ON",
        "CREATE TEMP TABLE neighbours (by); CREATE TEMP TABLE rows (by)",
        "CREATE TEMP TRIGGER swallow BEFORE INSERT ON main.neighbours BEGIN SELECT RAISE(IGNORE); END",
        "PRAGMA locking_mode = EXCLUSIVE",
        "PRAGMA ignore_check_constraints = ON",
        "ATTACH ':memory:' AS other",
        "PRAGMA case_sensitive_like = ON",
    ];
    let script = Script::default();
    let scripted = |insert: &str, script: &Script| SqliteScripted { script: script.clone(), insert: insert.to_owned() };
    let own = scripted("INSERT INTO rows (by) VALUES (?)", &script);
    let neighbour = scripted("INSERT INTO neighbours (by) VALUES (?)", &Script::default());
    let config = || strict().batch_size(4);
    let own = manager.subscribe(own, config()).await.unwrap();
    let neighbour = manager.subscribe(neighbour, config().name("neighbour")).await.unwrap();
    for (by, sql) in (1..).step_by(2).zip(leaves) {
        script.always(by, sql);
        script.always(by + 100, sql);
    }
    let events = leaves.len() as u64 * 2;
    bump_apart(&store, 1..=events).await;
    manager.start().await.unwrap();
    for by in 101..=100 + events {
        let last = bump_apart(&store, [by]).await;
        own.wait_for(last).within(DEADLINE).await.unwrap();
        neighbour.wait_for(last).within(DEADLINE).await.unwrap();
    }
    for handle in [&own, &neighbour] {
        assert_eq!(handle.dead_letters().list().await.unwrap(), []);
    }
    let count = "SELECT (SELECT count(*) FROM main.rows) || ' ' || (SELECT count(*) FROM main.neighbours)";
    let counted: String = sqlx::query_scalar(count).fetch_one(db.pool()).await.unwrap();
    assert_eq!(counted, format!("{} {}", events * 2, events * 2));
    manager.stop().await.unwrap();
    db.close().await;
}

#[tokio::test]
async fn connection_that_a_sqlite_handler_changes_is_as_new_for_every_other_event() {
    let folder = tempfile::tempdir().unwrap();
    sqlite(SqliteOptions::new(folder.path().join("several.db"))).await;
    sqlite(SqliteOptions::new(folder.path().join("one.db")).connections(1)).await;
    sqlite(SqliteOptions::new(":memory:").connections(1)).await;
}

/// An append never uses a connection that a handler had, also not where repositories shared it before.
#[tokio::test]
async fn append_after_a_handler_that_only_reads_works() {
    let folder = tempfile::tempdir().unwrap();
    let db = SqliteDatabase::open(folder.path().join("world.db")).await.unwrap();
    sqlx::raw_sql("CREATE TABLE rows (by)").execute(db.pool()).await.unwrap();
    let store = SqliteEventStore::new(&db);
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), SqliteCheckpoints::new(&db));
    let rows = SqliteScripted { script: Script::default(), insert: "INSERT INTO rows (by) VALUES (?)".to_owned() };
    for by in 1..=20 {
        rows.script.always(by, "PRAGMA query_only = ON");
    }
    let handle = manager.subscribe(rows, strict()).await.unwrap();
    manager.start().await.unwrap();
    for by in 1..=20 {
        let last = bump_apart(&store, [by]).await;
        handle.wait_for(last).within(DEADLINE).await.unwrap();
    }
    assert_eq!(handle.dead_letters().list().await.unwrap(), []);
}
