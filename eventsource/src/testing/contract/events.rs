//! Events and streams for the cases.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Violation;
use super::violation::{ensure, ensure_eq};
use crate::event::{DomainEvent, EventDescriptor, Metadata, NewEvent, Position, StreamId, Unstorable};
use crate::store::{EventFilter, EventLog, EventStore, PageLimit, ReadStream};

/// An event with a known aggregate that is not in the catalogue.
#[derive(Serialize, Deserialize)]
pub(super) struct OrderPlaced;

impl DomainEvent for OrderPlaced {
    const NAME: &'static str = "OrderPlaced";
    const VERSION: u32 = 1;
    const AGGREGATE: &'static str = "Order";
    const DESCRIPTOR: EventDescriptor = EventDescriptor::of::<Self>(
        "eventsource::testing::contract::OrderPlaced",
        (file!(), line!()),
        (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
    );

    fn encode(&self) -> Result<String, Unstorable> {
        Ok(serde_json::to_string(self)?)
    }

    fn decode(payload: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(payload)
    }
}

pub(super) fn order() -> StreamId {
    StreamId::new("Order", Uuid::now_v7())
}

pub(super) fn event(event_type: &'static str) -> NewEvent {
    NewEvent::raw(event_type, 1, "{}")
}

pub(super) fn events(count: usize) -> Vec<NewEvent> {
    (0..count).map(|n| NewEvent::raw("Counted", 1, format!(r#"{{"n":{n}}}"#))).collect()
}

pub(super) fn for_tenant(tenant: &str, event: NewEvent) -> NewEvent {
    event.with_metadata(Metadata::new().tenant(tenant))
}

/// Returns the payloads of the whole log, read in pages of `limit`. Fails if a page is longer.
pub(super) async fn log(store: &dyn EventLog, filter: &EventFilter, limit: usize) -> Result<Vec<String>, Violation> {
    let (mut after, mut payloads) = (Position::START, Vec::new());
    loop {
        let page = store.read_log(after, filter, PageLimit::events(limit)).await?;
        if page.events.len() > limit {
            return Err(Violation::new(format_args!("a page of {} with the limit {limit}", page.events.len())));
        }
        if page.events.is_empty() {
            return Ok(payloads);
        }
        if page.horizon <= after {
            return Err(Violation::new(format_args!("the horizon stays at {after} while there are events")));
        }
        payloads.extend(page.events.iter().map(|event| event.payload().to_owned()));
        after = page.horizon;
    }
}

/// Returns the versions of a stream in the order of `read`.
pub(super) async fn versions(
    store: &dyn EventStore,
    stream: &StreamId,
    read: ReadStream,
) -> Result<Vec<u64>, Violation> {
    Ok(store.read_stream(stream, read).await?.iter().map(|event| event.version()).collect())
}

/// Checks that the log ends at `head` and the stream at `version`, as after a refused append.
pub(super) async fn unchanged(
    store: &dyn EventStore,
    stream: &StreamId,
    version: u64,
    head: Position,
) -> Result<(), Violation> {
    let versions = versions(store, stream, ReadStream::forward()).await?;
    ensure_eq!(versions, (1..=version).collect::<Vec<_>>(), "the versions after a refused append");
    ensure_eq!(store.head().await?, head, "the head after a refused append");
    let rest = store.read_log(head, &EventFilter::all(), PageLimit::events(10)).await?.events;
    ensure!(rest.is_empty(), "a refused append left {} events in the log", rest.len());
    Ok(())
}

/// Returns the position with this number.
pub(super) fn at(position: u64) -> Position {
    Position::new(position)
}
