//! The database file and the log in it: opening, sharing, waiting, reading by an index.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;
use std::time::{Duration, Instant};

use eventsource::projection::CheckpointStore;
use eventsource::projection::sqlite::SqliteCheckpoints;
use eventsource::sqlx;
use eventsource::store::sqlite::{SqliteDatabase, SqliteEventStore, SqliteOpenError, SqliteOptions};
use eventsource::{
    AppendError, EventFilter, EventStore, ExpectedVersion, Metadata, NewEvent, Position, ReadStream, StoreError,
    StreamId,
};
use tempfile::TempDir;
use tokio::task::JoinSet;
use uuid::Uuid;

fn order() -> StreamId {
    StreamId::new("Order", Uuid::now_v7())
}

fn placed() -> Vec<NewEvent> {
    vec![NewEvent::raw("OrderPlaced", 1, "{}")]
}

async fn open(path: &Path) -> (SqliteDatabase, SqliteEventStore) {
    let db = SqliteDatabase::open(path).await.unwrap();
    let store = SqliteEventStore::new(&db);
    (db, store)
}

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
    assert_eq!(pragma(&db, "SELECT CAST(max(version) AS TEXT) FROM eventsource_schema").await, "1");
}

#[tokio::test]
async fn what_is_stored_is_there_when_the_file_is_opened_again() {
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
    sqlx::query("INSERT INTO eventsource_schema VALUES (7, 'from the future', 0)").execute(db.pool()).await.unwrap();
    db.close().await;
    let error = SqliteDatabase::open(&path).await.unwrap_err();
    assert!(matches!(error, SqliteOpenError::NewerSchema { found: 7, known: 1, .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("schema version 7") && text.contains("version 1 at"), "{text}");
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_databases_share_a_file() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("events.db");
    let (_a, first) = open(&path).await;
    let (_b, second) = open(&path).await;
    let mut tasks = JoinSet::new();
    for store in [first.clone(), second.clone()] {
        tasks.spawn(async move {
            for _ in 0..20 {
                store.append(&order(), ExpectedVersion::NoStream, placed()).await.unwrap();
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(first.head().await.unwrap(), Position::new(40));
    assert_eq!(second.backlog(Position::new(30)).await.unwrap().events, 10);
}

#[tokio::test]
async fn a_busy_file_is_waited_out() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("events.db");
    let (db, store) = open(&path).await;
    let (other, _) = open(&path).await;
    // Shorter than the wait, so that SQLite's own patience does not suffice.
    let options = SqliteOptions::new(&path).busy_timeout(Duration::from_millis(20));
    let hasty = SqliteEventStore::new(&SqliteDatabase::open_with(options).await.unwrap());
    let locked = other.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
    let release = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(locked);
    });
    let started = Instant::now();
    let checkpoints = SqliteCheckpoints::new(&db);
    let (stream, another) = (order(), order());
    let (a, b, unit) = tokio::join!(
        store.append(&stream, ExpectedVersion::Any, placed()),
        hasty.append(&another, ExpectedVersion::Any, placed()),
        async { drop(checkpoints.begin().await.unwrap()) },
    );
    a.unwrap();
    b.unwrap();
    assert_eq!(unit, ());
    assert!(started.elapsed() >= Duration::from_millis(900), "{:?}", started.elapsed());
    // A reader waits for nobody.
    assert_eq!(store.head().await.unwrap(), Position::new(2));
    release.await.unwrap();
}

#[tokio::test]
async fn patience_ends_as_busy() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("events.db");
    let (other, _) = open(&path).await;
    let options = SqliteOptions::new(&path).write_timeout(Duration::from_millis(200));
    let store = SqliteEventStore::new(&SqliteDatabase::open_with(options).await.unwrap());
    let locked = other.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
    let started = Instant::now();
    let refused = store.append(&order(), ExpectedVersion::Any, placed()).await;
    assert!(matches!(refused, Err(AppendError::Store(StoreError::Busy { .. }))), "{refused:?}");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    drop(locked);
    store.append(&order(), ExpectedVersion::Any, placed()).await.unwrap();
}

/// A dropped append leaves nothing behind, and neither the pool nor the lock is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_is_cancelled_is_whole_or_absent() {
    let dir = TempDir::new().unwrap();
    let (db, store) = open(&dir.path().join("events.db")).await;
    for micros in (0..40).map(|n| n * 150) {
        let (stream, batch) = (order(), vec![placed(); 600].concat());
        // `vec!` clones ids as well.
        let batch: Vec<_> = batch.into_iter().map(|event| event.with_id(Uuid::now_v7())).collect();
        let append = store.append(&stream, ExpectedVersion::NoStream, batch);
        let _ = tokio::time::timeout(Duration::from_micros(micros), append).await;
        let next = store.append(&order(), ExpectedVersion::NoStream, placed()).await.unwrap();
        let found = store.read_stream(&stream, ReadStream::forward()).await.unwrap().len();
        assert!(found == 0 || found == 600, "{found} of 600 events");
        assert_eq!(store.head().await.unwrap(), next.position());
    }
    assert!(db.pool().size() <= 5);
}

#[tokio::test]
async fn many_appends_at_once_do_not_starve_the_readers() {
    let dir = TempDir::new().unwrap();
    let (_db, store) = open(&dir.path().join("events.db")).await;
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let store = store.clone();
        tasks.spawn(async move {
            store.append(&order(), ExpectedVersion::NoStream, placed()).await.unwrap();
            store.head().await.unwrap();
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(store.head().await.unwrap(), Position::new(50));
}

#[tokio::test]
async fn something_unreadable_is_named_by_its_position() {
    let dir = TempDir::new().unwrap();
    let (db, store) = open(&dir.path().join("events.db")).await;
    for _ in 0..3 {
        store.append(&order(), ExpectedVersion::Any, placed()).await.unwrap();
    }
    for sql in [
        "UPDATE eventsource_events SET metadata = 'nonsense' WHERE position = 2",
        "UPDATE eventsource_events SET metadata = NULL, aggregate_id = x'00' WHERE position = 2",
        "UPDATE eventsource_events SET aggregate_id = zeroblob(16), version = -1 WHERE position = 2",
        "UPDATE eventsource_events SET version = 1, occurred_at = 9223372036854775807 WHERE position = 2",
        "UPDATE eventsource_events SET occurred_at = 0, schema_version = -1 WHERE position = 2",
    ] {
        sqlx::query(sql).execute(db.pool()).await.unwrap();
        let error = store.read_log(Position::START, &EventFilter::all(), 10).await.unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{sql}: {error:?}");
        assert!(error.to_string().contains("position 2"), "{error}");
    }
}

#[tokio::test]
async fn stored_times_never_step_back() {
    let dir = TempDir::new().unwrap();
    let (db, store) = open(&dir.path().join("events.db")).await;
    store.append(&order(), ExpectedVersion::Any, placed()).await.unwrap();
    sqlx::query("UPDATE eventsource_events SET recorded_at = 4102444800000000").execute(db.pool()).await.unwrap();
    let next = store.append(&order(), ExpectedVersion::Any, placed()).await.unwrap();
    assert_eq!(next.events()[0].recorded_at().timestamp_micros(), 4_102_444_800_000_000);
}

#[tokio::test]
async fn the_log_is_read_by_an_index_and_never_sorted() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("events.db");
    let (db, store) = open(&path).await;
    assert_plans(&store).await;
    // With statistics, also such as say that one type is nearly all of the log, the plans stay the same.
    let events =
        || (0..100).map(|_| NewEvent::raw("OrderPlaced", 1, "{}").with_metadata(Metadata::new().tenant("acme")));
    store.append(&order(), ExpectedVersion::Any, events().collect()).await.unwrap();
    sqlx::query("ANALYZE").execute(db.pool()).await.unwrap();
    db.close().await;
    assert_plans(&open(&path).await.1).await;
}

async fn assert_plans(store: &SqliteEventStore) {
    const BY_KEY: &str = "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)";
    const BY_EVENT_TYPE: &str = "eventsource_events_by_event_type (event_type=? AND rowid>? AND rowid<?)";
    const BY_AGGREGATE_TYPE: &str = "eventsource_events_by_aggregate_type (aggregate_type=? AND rowid>? AND rowid<?)";
    const BY_TENANT: &str = "eventsource_events_by_tenant (tenant=? AND rowid>? AND rowid<?)";
    let names = |count: usize| (0..count).map(|n| format!("Name{n}"));
    let two = || EventFilter::types(["OrderPlaced", "OrderShipped"]);
    let cases = [
        (EventFilter::all(), BY_KEY, 1),
        (EventFilter::types(["OrderPlaced"]), BY_EVENT_TYPE, 1),
        (two(), BY_EVENT_TYPE, 2),
        (EventFilter::types(names(100)), BY_EVENT_TYPE, 100),
        (two().aggregates(["Order"]).tenant("acme"), BY_EVENT_TYPE, 2),
        (two().aggregates(names(101)), BY_EVENT_TYPE, 2),
        (EventFilter::types(names(101)), BY_KEY, 1),
        (EventFilter::types(names(101)).aggregates(["Order"]).tenant("acme"), BY_KEY, 1),
        (EventFilter::all().aggregates(["Order", "Customer", "Invoice"]), BY_AGGREGATE_TYPE, 3),
        (EventFilter::all().aggregates(["Order"]).tenant("acme"), BY_AGGREGATE_TYPE, 1),
        (EventFilter::all().aggregates(names(101)), BY_KEY, 1),
        (EventFilter::all().tenant("acme"), BY_TENANT, 1),
    ];
    for (filter, step, arms) in cases {
        let plan = store.explain_read_log(&filter).await.unwrap();
        assert_eq!(plan.iter().filter(|detail| detail.contains(step)).count(), arms, "{plan:#?}");
        assert_eq!(plan.iter().any(|detail| detail.starts_with("MERGE")), arms > 1, "{plan:#?}");
        for detail in &plan {
            assert!(!detail.contains("TEMP B-TREE"), "it sorts: {plan:#?}");
            assert!(!detail.starts_with("SCAN") || detail.contains("json_each"), "it scans: {plan:#?}");
        }
    }
    assert!(store.explain_read_log(&EventFilter::types::<&str>([])).await.unwrap().is_empty());
}
