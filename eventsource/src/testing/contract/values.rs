//! Values that cannot be stored: every store refuses them at the append.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::events::{order, unchanged};
use super::round_trip::stored;
use super::violation::{ensure, ensure_eq};
use super::{Verdict, Violation};
use crate::event::{Metadata, NewEvent, Position, StreamId, UnstorableReason};
use crate::store::{AppendError, EventFilter, EventStore, ExpectedVersion, PageLimit, ReadStream};

type Store = Arc<dyn EventStore>;

/// Checks that `event` is refused because of a value whose path begins with `path`, and that nothing of its append is
/// stored.
async fn refused(store: &Store, stream: &StreamId, event: NewEvent, path: &str) -> Result<UnstorableReason, Violation> {
    let (head, good) = (store.head().await?, NewEvent::raw("OrderPlaced", 1, "{}"));
    let refused = store.append(stream, ExpectedVersion::Any, vec![good, event.clone()]).await;
    let Err(AppendError::Unstorable { value, event_id, .. }) = refused else {
        return Err(Violation::new(format_args!("an event with a {path} that cannot be stored: {refused:?}")));
    };
    ensure_eq!(event_id, event.id(), "the event that the error names");
    ensure!(value.path.starts_with(path), "the path of {value} does not begin with {path}");
    unchanged(&**store, stream, 0, head).await?;
    Ok(value.reason)
}

/// Returns this number of nested arrays.
fn arrays(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

/// Checks that `new` is read back with its payload and its metadata.
async fn comes_back(store: &Store, new: NewEvent) -> Verdict {
    let stored = stored(store, new.clone()).await?;
    ensure!(stored.payload() == new.payload(), "the payload came back as {:.80}", stored.payload());
    ensure_eq!(stored.metadata(), new.metadata(), "the metadata");
    Ok(())
}

pub(super) async fn nested_values_come_back_or_are_refused(store: Store) -> Verdict {
    for levels in [1, 100, 120, 124, 125, 126, 127, 128, 129, 200, 1_000] {
        let payload = NewEvent::raw("OrderPlaced", 1, format!("{}{}", "[".repeat(levels), "]".repeat(levels)));
        let wide = NewEvent::raw("OrderPlaced", 1, format!(r#"[{{"a":{}}},{{}},[]]"#, arrays(levels.min(500))));
        let metadata =
            NewEvent::raw("OrderPlaced", 1, "{}").with_metadata(Metadata::new().entry("deep", arrays(levels.min(500))));
        // A payload may have 127 levels. Metadata and the second payload have two levels around the arrays.
        for (event, most, path) in
            [(payload, 127, "payload"), (wide, 125, "payload[0].a"), (metadata, 125, "metadata.deep")]
        {
            if levels <= most {
                comes_back(&store, event).await?;
            } else {
                let reason = refused(&store, &order(), event, path).await?;
                ensure_eq!(reason, UnstorableReason::TooDeep, "the reason why {levels} levels are refused");
            }
        }
    }
    Ok(())
}

pub(super) async fn values_that_json_does_not_have_are_refused(store: Store) -> Verdict {
    for payload in ["", " ", "{", "{}{}", "NaN", "[1,]", "\"\u{0}\"", r#""\ud800""#, "nonsense"] {
        let reason = refused(&store, &order(), NewEvent::raw("OrderPlaced", 1, payload), "payload").await?;
        ensure!(
            matches!(reason, UnstorableReason::NotJson { .. }),
            "the reason why the payload {payload:?} is refused: {reason}"
        );
    }
    let with = |metadata| NewEvent::raw("OrderPlaced", 1, "{}").with_metadata(metadata);
    for (metadata, path) in [
        (Metadata::new().entry("score", f64::NAN), "metadata.score"),
        (Metadata::new().entry("scores", [Some(1.0), Some(f64::INFINITY)]), "metadata.scores[1]"),
        (Metadata::new().entry("wide", u128::MAX), "metadata.wide"),
    ] {
        refused(&store, &order(), with(metadata.clone()), path).await?;
        let key = path.trim_start_matches("metadata.").trim_end_matches("[1]");
        comes_back(&store, with(metadata.entry(key, 1))).await?;
    }
    Ok(())
}

pub(super) async fn names_that_not_every_store_holds_are_refused(store: Store) -> Verdict {
    let with = |tenant: &str| NewEvent::raw("OrderPlaced", 1, "{}").with_metadata(Metadata::new().tenant(tenant));
    let long = "é".repeat(256);
    for name in ["\u{0}", "a\u{0}b", &format!("{long}x")] {
        let of_type = NewEvent::raw(name.to_owned(), 1, "{}");
        refused(&store, &order(), of_type, "event_type").await?;
        refused(&store, &order(), with(name), "metadata.tenant").await?;
        let stream = StreamId::new(name.to_owned(), Uuid::now_v7());
        let event = NewEvent::raw("OrderPlaced", 1, "{}");
        let appended = store.append(&stream, ExpectedVersion::Any, vec![event]).await;
        ensure!(matches!(appended, Err(AppendError::Unstorable { .. })), "an aggregate type {name:?}: {appended:?}");
        // A read under such a name finds nothing.
        let read = store.read_stream(&stream, ReadStream::forward()).await?;
        ensure!(read.is_empty(), "a stream of the aggregate type {name:?} has events");
        for filter in [
            EventFilter::types([name.to_owned()]),
            EventFilter::all().aggregates([name.to_owned()]),
            EventFilter::all().tenant(name),
        ] {
            let page = store.read_log(Position::START, &filter, PageLimit::events(10)).await?;
            ensure!(page.events.is_empty(), "the log has events that match {filter:?}");
        }
        store.event_types_except(&[name], Position::START, store.head().await?, 10).await?;
    }
    let event = NewEvent::raw(long.clone(), 1, "{}").with_metadata(Metadata::new().tenant(long.clone()));
    store.append(&StreamId::new(long, Uuid::now_v7()), ExpectedVersion::Any, vec![event]).await?;
    Ok(())
}

pub(super) async fn times_come_back_as_normalised_or_are_refused(store: Store) -> Verdict {
    let at = |time| NewEvent::raw("OrderPlaced", 1, "{}").with_occurred_at(time);
    let first = NaiveDate::from_ymd_opt(-4711, 1, 1).ok_or_else(|| Violation::new("no such day"))?;
    let first = first.and_time(NaiveTime::MIN).and_utc();
    for time in [DateTime::<Utc>::MIN_UTC, first - TimeDelta::microseconds(1)] {
        let reason = refused(&store, &order(), at(time), "occurred_at").await?;
        ensure!(matches!(reason, UnstorableReason::Time { .. }), "the reason why the time {time} is refused: {reason}");
    }
    let leap = DateTime::from_timestamp(1_483_228_799, 1_999_999_999);
    let early_leap = DateTime::from_timestamp(-1, 1_000_000_001);
    for time in [Some(DateTime::<Utc>::MAX_UTC), Some(first), leap, early_leap].into_iter().flatten() {
        let event = at(time);
        let occurred_at = event.occurred_at();
        ensure!((occurred_at - time).abs() < TimeDelta::seconds(2), "{time} is normalised as {occurred_at}");
        ensure_eq!(occurred_at.timestamp_subsec_nanos() % 1_000, 0, "the nanoseconds below a microsecond");
        ensure!(occurred_at.timestamp_subsec_nanos() < 1_000_000_000, "{time} stays a leap second");
        ensure_eq!(stored(&store, event).await?.occurred_at(), occurred_at, "the time that comes back");
    }
    Ok(())
}
