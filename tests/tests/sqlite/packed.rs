//! A page of the log comes as one row: whatever is in its events, they are read as they were appended, and as rows are.

use std::sync::Arc;

use eventsource::sqlite::{SqliteDatabase, SqliteEventStore, SqliteOptions};
use eventsource::sqlx::{self, Connection as _, SqliteConnection};
use eventsource::{
    EventFilter, EventLog, EventStore, ExpectedVersion, Metadata, NewEvent, PageLimit, Position, ReadStream,
    RecordedEvent, StreamId,
};
use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;
use uuid::Uuid;

use crate::open;

/// A payload, which is JSON, with such a text in it.
fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Names: such texts without NUL, which no store takes, and not too long.
fn name() -> impl Strategy<Value = String> {
    text().prop_map(|text| text.chars().filter(|char| *char != '\0').take(128).collect())
}

/// Texts that look like what stands between them, and others.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("\0".to_owned()),
        Just("a\0b\0".to_owned()),
        Just("1 - 2 - ".to_owned()),
        Just("7 1 1 0 0 0 0 -1 0 ".to_owned()),
        Just("größer 🦀 \u{7ff}\u{800}\u{ffff}\u{10ffff}".to_owned()),
        Just("'\"\\,\n\r\t".to_owned()),
        any::<String>(),
        "[0-9 -]{0,20}",
        (8_180..8_205_usize).prop_map(|length| "x".repeat(length)),
        (2_728..2_734_usize).prop_map(|length| "€".repeat(length)),
    ]
}

fn event() -> impl Strategy<Value = NewEvent> {
    let metadata = (any::<Option<u128>>(), proptest::option::of(name()), proptest::option::of(text()));
    (name(), any::<u32>(), text(), any::<u128>(), metadata, -1_000_000_000_000..1_000_000_000_000_i64).prop_map(
        |(event_type, schema_version, payload, id, (correlation, tenant, entry), micros)| {
            let mut metadata = Metadata::new();
            if let Some(correlation) = correlation {
                metadata = metadata.correlation_id(Uuid::from_u128(correlation));
            }
            if let Some(tenant) = tenant {
                metadata = metadata.tenant(tenant);
            }
            if let Some(entry) = entry {
                metadata = metadata.entry(entry.clone(), entry);
            }
            NewEvent::raw(event_type, schema_version, json(&payload))
                .with_id(Uuid::from_u128(id))
                .with_occurred_at(chrono::DateTime::from_timestamp_micros(micros).unwrap())
                .with_metadata(metadata)
        },
    )
}

async fn whole_log(store: &SqliteEventStore, filter: &EventFilter, limit: usize) -> Vec<Arc<RecordedEvent>> {
    let (mut events, mut after) = (Vec::new(), Position::START);
    loop {
        let page = store.read_log(after, filter, PageLimit::events(limit)).await.unwrap();
        let is_full = page.events.len() == limit;
        events.extend(page.events);
        if !is_full {
            assert_eq!(page.horizon, store.head().await.unwrap());
            return events;
        }
        assert_eq!(page.horizon, events.last().unwrap().position());
        after = page.horizon;
    }
}

/// Appends `streams`, and compares what is read through several filters with that.
async fn check(store: &SqliteEventStore, streams: Vec<(StreamId, Vec<NewEvent>)>, limit: usize) {
    let mut log = Vec::new();
    for (stream, events) in streams {
        let appended = store.append(&stream, ExpectedVersion::Any, events).await.unwrap();
        let by_rows = store.read_stream(&stream, ReadStream::forward()).await.unwrap();
        assert!(by_rows.ends_with(appended.events()));
        log.extend(appended.events().iter().cloned());
    }
    assert_eq!(whole_log(store, &EventFilter::all(), limit).await, log);
    let Some(first) = log.first() else { return };
    let names: Vec<_> = log.iter().step_by(2).map(|event| event.event_type().to_owned()).collect();
    let mut filters =
        vec![EventFilter::types(names), EventFilter::all().aggregates([first.stream().aggregate_type().to_owned()])];
    filters.extend(first.metadata().get_tenant().map(|tenant| EventFilter::all().tenant(tenant)));
    for filter in filters {
        let wanted: Vec<_> = log.iter().filter(|event| filter.matches(event)).cloned().collect();
        assert_eq!(whole_log(store, &filter, limit).await, wanted, "{filter:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn strange_contents_are_read_as_they_were_appended(
        streams in vec((name(), any::<u128>(), vec(event(), 1..6)), 0..5),
        limit in 1..20_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let streams = streams.into_iter().map(|(name, id, events)| (StreamId::new(name, Uuid::from_u128(id)), events));
        runtime.block_on(async {
            let options = SqliteOptions::new(":memory:").connections(1);
            let db = SqliteDatabase::open_with(options).await.unwrap();
            check(&SqliteEventStore::new(&db), streams.collect(), limit).await;
            db.close().await;
        });
    }
}

/// A file that another program made: its lengths are not those of UTF-8.
#[tokio::test]
async fn a_file_in_utf_16_is_read_row_by_row() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("events.db");
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let mut conn = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("PRAGMA encoding = 'UTF-16le'; CREATE TABLE theirs (id INTEGER)").execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();

    let (db, store) = open(&path).await;
    // By either count there are as many bytes in all, and each part ends between two characters: `abc€`, `€€`.
    let events = vec![NewEvent::raw("€€€", 1, "\"é€€\""), NewEvent::raw("€€€", 1, "\"é€€\"")];
    check(&store, vec![(StreamId::new("abc", Uuid::nil()), events)], 2).await;
    db.close().await;
}

/// Events that are too large for one row of theirs, alone and among others.
#[tokio::test]
async fn large_events_come_in_their_place() {
    let dir = TempDir::new().unwrap();
    let (db, store) = open(&dir.path().join("events.db")).await;
    let event = |length: usize| NewEvent::raw("OrderPlaced", 1, "7".repeat(length));
    let noted = |length: usize| event(2).with_metadata(Metadata::new().actor("y".repeat(length)));
    let events =
        vec![event(20_000), event(1), noted(9_000), event(2_000_000), event(3), noted(3), event(8_192), event(8_193)];
    check(&store, vec![(StreamId::new("Order", Uuid::nil()), events)], 5).await;
    db.close().await;
}
