//! What a handler may ask of the store while its unit holds the file.

use std::time::{Duration, Instant};

use eventsource::projection::{CheckpointError, CheckpointStore, Claim, ClaimError, UnitOfWork};
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore};
use eventsource::{
    AppendError, EventFilter, EventLog, EventStore, ExpectedVersion, NewEvent, PageLimit, Position, StoreError,
    StreamId,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::world::{world, world_with};

pub(crate) async fn append(store: &SqliteEventStore) -> Result<(), AppendError> {
    let stream = StreamId::new("Order", Uuid::now_v7());
    store.append(&stream, ExpectedVersion::Any, vec![NewEvent::raw("OrderPlaced", 1, "{}")]).await.map(drop)
}

#[tokio::test]
async fn an_append_inside_a_unit_is_refused_at_once() {
    let world = world().await;
    let path = world.dir.path().join("./events.db");
    let second = SqliteDatabase::open(path).await.unwrap();
    let elsewhere = TempDir::new().unwrap();
    let other = SqliteDatabase::open(elsewhere.path().join("events.db")).await.unwrap();
    let unit = world.checkpoints.begin().await.unwrap();
    let started = Instant::now();
    unit.held_lock()
        .unwrap()
        .scope(async {
            for db in [&world.db, &second] {
                let refused = append(&SqliteEventStore::new(db)).await.unwrap_err();
                let AppendError::Store(error @ StoreError::InsideUnitOfWork { .. }) = refused else {
                    panic!("{refused:?}")
                };
                assert!(error.to_string().contains("this handler runs inside the transaction of its batch"), "{error}");
                assert!(!unit.is_outage(&error), "waiting would not help");
                let refused =
                    SqliteCheckpoints::new(db).claim(&Claim::new("rows", "v1", Position::START)).await.unwrap_err();
                assert!(matches!(refused, ClaimError::Store(CheckpointError::Failed { .. })), "{refused:?}");
                // Reading is allowed: other connections do it.
                SqliteEventStore::new(db)
                    .read_log(Position::START, &EventFilter::all(), PageLimit::events(1))
                    .await
                    .unwrap();
            }
            append(&SqliteEventStore::new(&other)).await.unwrap();
        })
        .await;
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    unit.rollback().await;
    append(&SqliteEventStore::new(&world.db)).await.unwrap();
    // A detached unit holds nothing.
    let unit = world.checkpoints.detached();
    assert!(unit.held_lock().is_none());
}

#[tokio::test]
async fn a_read_that_needs_the_units_connection_is_refused_at_once() {
    let world = world_with(|options| options.connections(1)).await;
    let store = SqliteEventStore::new(&world.db);
    let unit = world.checkpoints.begin().await.unwrap();
    let refused = unit.held_lock().unwrap().scope(store.head()).await;
    assert!(matches!(refused, Err(StoreError::InsideUnitOfWork { .. })), "{refused:?}");
    assert!(unit.held_lock().unwrap().scope(world.checkpoints.load("rows")).await.is_err());
    unit.rollback().await;
    assert_eq!(store.head().await.unwrap(), Position::START);
}

/// A task of its own does not carry the mark; its append ends as busy.
#[tokio::test]
async fn an_append_of_a_spawned_task_does_not_hang() {
    let world = world_with(|options| options.write_timeout(Duration::from_millis(200))).await;
    let store = SqliteEventStore::new(&world.db);
    let unit = world.checkpoints.begin().await.unwrap();
    let refused = unit
        .held_lock()
        .unwrap()
        .scope(async { tokio::spawn(async move { append(&store).await }).await })
        .await
        .unwrap();
    assert!(matches!(refused, Err(AppendError::Store(StoreError::Busy { .. }))), "{refused:?}");
    unit.rollback().await;
}
