//! Opening: the file is made, shared, or refused.

use eventsource::sqlite::{SqliteDatabase, SqliteEventStore, SqliteOpenError, SqliteOptions};
use eventsource::sqlx;
use eventsource::{AppendError, EventLog, EventStore, ExpectedVersion, Position, ReadStream};
use eventsource_tests::SCHEMA_VERSION;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::{open, order, placed};

async fn pragma(db: &SqliteDatabase, sql: &'static str) -> String {
    sqlx::query_scalar::<_, String>(sql).fetch_one(db.pool()).await.unwrap()
}

#[tokio::test]
async fn the_file_is_made_with_wal_and_full_sync() {
    let dir = TempDir::new().unwrap();
    let (db, _) = open(&dir.path().join("events.db")).await;
    assert_eq!(pragma(&db, "SELECT journal_mode FROM pragma_journal_mode").await, "wal");
    assert_eq!(pragma(&db, "SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous").await, "2");
    assert_eq!(pragma(&db, "SELECT CAST(foreign_keys AS TEXT) FROM pragma_foreign_keys").await, "1");
    assert_eq!(
        pragma(&db, "SELECT CAST(max(version) AS TEXT) FROM eventsource_schema").await,
        SCHEMA_VERSION.to_string()
    );
}

#[tokio::test]
async fn a_file_without_tables_says_to_migrate_where_opening_does_not() {
    let dir = TempDir::new().unwrap();
    let options = SqliteOptions::new(dir.path().join("events.db"));
    let error = SqliteDatabase::open_with(options.clone().migrate_on_open(false)).await.unwrap_err();
    assert!(matches!(error, SqliteOpenError::NotMigrated { found: 0, known: SCHEMA_VERSION, .. }), "{error:?}");
    assert!(error.to_string().contains("call `SqliteOptions::migrate`"), "{error}");
    options.migrate().await.unwrap();
    SqliteDatabase::open_with(options.clone().migrate_on_open(false)).await.unwrap();
    // Again is nothing.
    options.migrate().await.unwrap();
}

#[tokio::test]
async fn read_only_database_reads_and_refuses_writes() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("events.db");
    let options = SqliteOptions::new(&path).read_only(true);
    let error = SqliteDatabase::open_with(options.clone()).await.unwrap_err();
    assert!(matches!(error, SqliteOpenError::Failed { .. }), "{error:?}");
    assert!(!path.exists(), "opening creates no file");
    let (_writer, store) = open(&path).await;
    let appended = store.append(&order(), ExpectedVersion::NoStream, placed()).await.unwrap();
    let db = SqliteDatabase::open_with(options).await.unwrap();
    let reader = SqliteEventStore::new(&db);
    assert_eq!(reader.head().await.unwrap(), appended.position());
    let refused = reader.append(&order(), ExpectedVersion::NoStream, placed()).await.unwrap_err();
    assert!(matches!(refused, AppendError::Store(_)), "{refused:?}");
    assert_eq!(store.head().await.unwrap(), appended.position());
}

#[tokio::test]
async fn stored_events_are_there_after_a_reopen() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("events.db");
    let (db, store) = open(&path).await;
    let stream = order();
    let appended = store.append(&stream, ExpectedVersion::NoStream, placed()).await.unwrap();
    db.close().await;
    assert!(store.head().await.is_err(), "a closed database answers nothing");
    let (_, store) = open(&path).await;
    assert_eq!(store.read_stream(&stream, ReadStream::forward()).await.unwrap(), appended.events());
}

#[tokio::test]
async fn a_newer_schema_is_refused_with_both_numbers() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("events.db");
    let (db, _) = open(&path).await;
    let newer = "INSERT INTO eventsource_schema (version, name, applied_at) VALUES (99, 'from the future', 0)";
    sqlx::query(newer).execute(db.pool()).await.unwrap();
    db.close().await;
    let error = SqliteDatabase::open(&path).await.unwrap_err();
    assert!(matches!(error, SqliteOpenError::NewerSchema { found: 99, known: SCHEMA_VERSION, .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("schema version 99") && text.contains(&format!("versions up to {SCHEMA_VERSION}")), "{text}");
}

#[tokio::test]
async fn edited_migration_is_refused_with_its_number() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("events.db");
    let (db, _) = open(&path).await;
    let missing = "SELECT count(*) FROM eventsource_schema WHERE checksum IS NULL";
    assert_eq!(sqlx::query_scalar::<_, i64>(missing).fetch_one(db.pool()).await.unwrap(), 0);
    let edit = "UPDATE eventsource_schema SET checksum = checksum + 1 WHERE version = 3";
    sqlx::query(edit).execute(db.pool()).await.unwrap();
    db.close().await;
    let error = SqliteDatabase::open(&path).await.unwrap_err();
    assert!(matches!(error, SqliteOpenError::EditedMigration { migration: 3, name: "log_identity", .. }), "{error}");
}

#[tokio::test]
async fn edited_migration_is_refused_before_a_pending_one_is_applied() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("events.db");
    let (db, _) = open(&path).await;
    // The newest migration counts as pending. To apply it would fail: its column is there.
    let pending = "DELETE FROM eventsource_schema WHERE version = (SELECT max(version) FROM eventsource_schema)";
    sqlx::query(pending).execute(db.pool()).await.unwrap();
    let edit = "UPDATE eventsource_schema SET checksum = checksum + 1 WHERE version = 3";
    sqlx::query(edit).execute(db.pool()).await.unwrap();
    db.close().await;
    for migrates in [true, false] {
        let options = SqliteOptions::new(&path).migrate_on_open(migrates);
        let error = SqliteDatabase::open_with(options).await.unwrap_err();
        assert!(matches!(error, SqliteOpenError::EditedMigration { migration: 3, .. }), "{error}");
    }
}

/// Undoes the migration of the columns by which letters are searched, and stores letters as before it.
const BEFORE_SEARCH: &str = r#"
    DROP INDEX eventsource_dead_letters_of_stream;
    ALTER TABLE eventsource_dead_letters DROP COLUMN event_type;
    ALTER TABLE eventsource_dead_letters DROP COLUMN error;
    ALTER TABLE eventsource_dead_letters DROP COLUMN failed_at;
    DELETE FROM eventsource_schema WHERE version >= 13;
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100)
    INSERT INTO eventsource_dead_letters
    SELECT 'orders', n, 'Order', unhex(printf('%032x', n)), n % 2, 0,
           '{"subscription":"orders","errors":["no \u0000 price\nof ' || n || '","a cause"],"event_type":"Placed",'
           || '"last_failed_at":"2026-01-02T03:04:05.' || printf('%06d', n) || 'Z"}'
    FROM numbers
"#;

#[tokio::test]
async fn migration_fills_in_what_old_letters_are_searched_by() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("events.db");
    let (db, _) = open(&path).await;
    sqlx::raw_sql(BEFORE_SEARCH).execute(db.pool()).await.unwrap();
    db.close().await;
    let (db, _) = open(&path).await;
    let filled = "SELECT count(*) FROM eventsource_dead_letters WHERE event_type = 'Placed' \
                  AND error = 'no ' || char(65533) || ' price' AND failed_at = 1767323045000000 + position";
    let filled: i64 = sqlx::query_scalar(filled).fetch_one(db.pool()).await.unwrap();
    assert_eq!(filled, 100);
}

#[tokio::test]
async fn memory_with_several_connections_is_refused() {
    for path in [":memory:", "", "file:shared?mode=memory", "file::memory:", "file:shared?mode=memory&cache=shared"] {
        let error = SqliteDatabase::open(path).await.unwrap_err();
        assert!(matches!(error, SqliteOpenError::InMemory { connections: 5, .. }), "{path}: {error}");
        let text = error.to_string();
        assert!(text.contains("connections(1)") && text.contains("MemoryEventStore"), "{text}");
    }
}

#[tokio::test]
async fn memory_with_one_connection_works() {
    let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await.unwrap();
    let store = SqliteEventStore::new(&db);
    for _ in 0..3 {
        store.append(&order(), ExpectedVersion::NoStream, placed()).await.unwrap();
    }
    assert_eq!(store.head().await.unwrap(), Position::new(3));
}

#[tokio::test]
async fn a_path_that_cannot_be_opened_is_named() {
    let dir = TempDir::new().unwrap();
    let missing = dir.path().join("no/such/directory/events.db");
    let error = SqliteDatabase::open(&missing).await.unwrap_err();
    assert!(error.to_string().contains("no/such/directory"), "{error}");
    assert!(matches!(SqliteDatabase::open("sqlite://events.db").await, Err(SqliteOpenError::Url { .. })));
    let text = dir.path().join("text.db");
    std::fs::write(&text, "this is no database, however long the text becomes".repeat(100)).unwrap();
    let error = SqliteDatabase::open(&text).await.unwrap_err();
    assert!(matches!(error, SqliteOpenError::Failed { .. }), "{error}");
}

/// Each opens a file that is new, on its own pool, as processes do.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_open_a_new_file_at_once() {
    for _ in 0..5 {
        let dir = TempDir::new().unwrap();
        let mut tasks = JoinSet::new();
        for _ in 0..6 {
            let path = dir.path().join("events.db");
            tasks.spawn(async move {
                let (db, store) = open(&path).await;
                store.append(&order(), ExpectedVersion::Any, placed()).await.unwrap();
                db.close().await;
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        let (_, store) = open(&dir.path().join("events.db")).await;
        assert_eq!(store.head().await.unwrap(), Position::new(6));
    }
}
