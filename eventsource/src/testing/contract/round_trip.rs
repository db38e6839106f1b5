//! Events are read back equal.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::events::order;
use super::violation::{ensure, ensure_eq};
use super::{Verdict, Violation};
use crate::event::{Metadata, NewEvent, Position, RecordedEvent, now};
use crate::store::{EventFilter, EventStore, ExpectedVersion, PageLimit, ReadStream};

type Store = Arc<dyn EventStore>;

/// Appends `event` and returns it. Checks that the answer, the stream and the log contain the same event.
pub(super) async fn stored(store: &Store, event: NewEvent) -> Result<Arc<RecordedEvent>, Violation> {
    let (stream, before) = (order(), store.head().await?);
    let appended = store.append(&stream, ExpectedVersion::Any, vec![event]).await?;
    let answered = appended.events().first().ok_or_else(|| Violation::new("the answer has no event"))?;
    let read = store.read_stream(&stream, ReadStream::forward()).await?;
    ensure_eq!(read, appended.events(), "the event in its stream");
    let logged = store.read_log(before, &EventFilter::all(), PageLimit::events(10)).await?.events;
    ensure_eq!(logged, appended.events(), "the event in the log");
    Ok(Arc::clone(answered))
}

pub(super) async fn an_event_comes_back_as_it_was(store: Store) -> Verdict {
    let event = NewEvent::raw("OrderPlaced", u32::MAX, r#"{"total": 1}"#).with_id(Uuid::from_u128(u128::MAX - 1));
    let stored = stored(&store, event.clone()).await?;
    ensure_eq!(stored.id(), event.id(), "the id");
    ensure_eq!(stored.event_type(), event.event_type(), "the type");
    ensure_eq!(stored.schema_version(), u32::MAX, "the schema version");
    ensure_eq!(stored.payload(), event.payload(), "the payload, to the byte");
    ensure_eq!(stored.version(), 1, "the version");
    ensure!(stored.position() > Position::START, "the first position comes after the start");
    Ok(())
}

pub(super) async fn metadata_comes_back_as_it_was(store: Store) -> Verdict {
    let nested = json!({ "list": [1, -2, 3.5, null, true, "\u{0}"], "ключ": { "": {} } });
    let kinds = [
        Metadata::new(),
        Metadata::new().correlation_id(Uuid::now_v7()),
        Metadata::new().causation_id(Uuid::nil()),
        Metadata::new().actor("alice \u{0} \u{1F980} \"'\\"),
        Metadata::new().tenant(""),
        Metadata::new().tenant("Größe"),
        Metadata::new().entry("ip", "192.0.2.7"),
        Metadata::new().entry("none", Value::Null).entry("", false).entry("nested", nested),
        Metadata::new().entry("u64", u64::MAX).entry("i64", i64::MIN).entry("f64", 0.1 + 0.2).entry("tiny", 5e-324),
        Metadata::new().correlation_id(Uuid::max()).causation_id(Uuid::max()).actor("a").tenant("t").entry("e", "e"),
    ];
    for metadata in kinds {
        let event = NewEvent::raw("OrderPlaced", 1, "{}").with_metadata(metadata.clone());
        ensure_eq!(stored(&store, event).await?.metadata(), &metadata, "the metadata");
    }
    Ok(())
}

pub(super) async fn times_come_back_to_the_microsecond(store: Store) -> Verdict {
    let times = [-62_135_596_800_000_000, -1, 0, 1, 1_735_689_599_999_999, 253_402_300_799_999_999];
    for time in times.into_iter().filter_map(DateTime::<Utc>::from_timestamp_micros).chain([now()]) {
        let before = now();
        let stored = stored(&store, NewEvent::raw("OrderPlaced", 1, "{}").with_occurred_at(time)).await?;
        ensure_eq!(stored.occurred_at(), time, "the time at which it occurred");
        ensure!(stored.recorded_at() >= before, "it was stored at {}, before {before}", stored.recorded_at());
    }
    Ok(())
}

pub(super) async fn payloads_come_back_to_the_byte(store: Store) -> Verdict {
    let long = format!(r#"{{"text":"{}"}}"#, "ß".repeat(1 << 20));
    let payloads = [
        r#"{"zero":"a\u0000b"}"#,
        r#"{"raw":"Привет, 世界 🦀","quotes":"' \" \\"}"#,
        r#"{"big":18446744073709551615,"small":-9223372036854775808,"more":1e400,"exact":0.1000000000000000055}"#,
        " { \"spaces\" : [ ] } ",
        "null",
        &long,
    ];
    for payload in payloads {
        let stored = stored(&store, NewEvent::raw("OrderPlaced", 1, payload)).await?;
        ensure!(stored.payload() == payload, "the payload {payload:.80} came back as {:.80}", stored.payload());
    }
    Ok(())
}
