//! A database file of the first schema version, as it was written then, opens today.

use std::path::Path;

use eventsource::projection::{CheckpointStore, CheckpointUpdate, Claim, UnitOfWork};
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore};
use eventsource::{
    EventFilter, EventLog, EventStore, ExpectedVersion, Metadata, NewEvent, PageLimit, Position, StreamId,
};
use tempfile::TempDir;
use uuid::Uuid;

#[tokio::test]
async fn a_file_of_schema_version_1_opens() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("events.db");
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/schema-1.db"), &path).unwrap();
    let db = SqliteDatabase::open(&path).await.unwrap();

    let store = SqliteEventStore::new(&db);
    let log = store.read_log(Position::START, &EventFilter::all(), PageLimit::events(100)).await.unwrap().events;
    assert_eq!(log.iter().map(|event| event.position().value()).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    for (order, pair) in (1..).zip(log.chunks(2)) {
        let [placed, shipped] = pair else { panic!("an odd number of events") };
        let stream = StreamId::new("Order", Uuid::from_u128(1_000 + order));
        assert_eq!((placed.stream(), shipped.stream()), (&stream, &stream));
        assert_eq!((placed.id(), shipped.id()), (Uuid::from_u128(order), Uuid::from_u128(100 + order)));
        assert_eq!((placed.version(), shipped.version()), (1, 2));
        assert_eq!((placed.event_type(), shipped.event_type()), ("OrderPlaced", "OrderShipped"));
        assert_eq!((placed.schema_version(), shipped.schema_version()), (1, 2));
        assert_eq!(placed.payload(), format!(r#"{{"total":{}}}"#, 100 * order));
        assert_eq!(shipped.payload(), r#"{"tracking":"TRACK-001 \u0000 Größe"}"#);
        let metadata = Metadata::new().actor("alice").tenant("acme").entry("order", order as u64);
        assert_eq!((placed.metadata(), shipped.metadata()), (&metadata, &Metadata::new()));
        assert_eq!(placed.occurred_at().timestamp_micros(), 1_767_225_600_123_456);
    }
    let of_acme = store
        .read_log(Position::START, &EventFilter::all().tenant("acme"), PageLimit::events(100))
        .await
        .unwrap()
        .events;
    assert_eq!(of_acme.len(), 3);

    let checkpoints = SqliteCheckpoints::new(&db);
    let all = checkpoints.list().await.unwrap();
    let [rows] = &all[..] else { panic!("{all:?}") };
    assert_eq!((&*rows.name, rows.position, rows.epoch), ("order-rows", Position::new(4), 1));
    assert_eq!(rows.fingerprint, "order-rows v1");
    assert_eq!(checkpoints.claim(&Claim::new("reset", "reset v1", Position::START)).await.unwrap().epoch, 3);

    // And it goes on.
    let events = vec![NewEvent::raw("OrderPlaced", 1, "{}")];
    let appended =
        store.append(&StreamId::new("Order", Uuid::now_v7()), ExpectedVersion::NoStream, events).await.unwrap();
    let step = CheckpointUpdate::new("order-rows", rows.epoch, rows.position, appended.position());
    checkpoints.begin().await.unwrap().commit(&step).await.unwrap();
    assert_eq!(checkpoints.load("order-rows").await.unwrap().unwrap().position, Position::new(7));
}
