//! Links from batches to the traces of their events, with a bridge that notes them.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use eventsource::store::{Backlog, LogId, LogMark, LogPage, Observed, ReadStream, StoreError, StoredType, StreamPage};
use eventsource::trace::{TRACEPARENT, TraceBridge, TraceParent};
use eventsource_tests::domain::Bumped;
use eventsource_tests::wait::{DEADLINE, eventually};
use uuid::Uuid;

use crate::world::*;

/// Notes the links. The current span has the number `current` as its id.
#[derive(Clone, Default)]
struct Bridge {
    links: Arc<Mutex<Vec<Vec<u64>>>>,
    current: Arc<Mutex<Option<u64>>>,
}

impl Bridge {
    fn links(&self) -> Vec<Vec<u64>> {
        self.links.lock().unwrap().clone()
    }
}

impl TraceBridge for Bridge {
    fn current(&self) -> Option<TraceParent> {
        TraceParent::new(1, (*self.current.lock().unwrap())?, 1)
    }

    fn link(&self, _: &eventsource::tracing::Span, to: &[TraceParent]) {
        self.links.lock().unwrap().push(to.iter().map(TraceParent::span_id).collect());
    }
}

/// Enables every span, and records nothing.
struct Enabled;

impl tracing::Subscriber for Enabled {
    fn enabled(&self, site: &tracing::Metadata<'_>) -> bool {
        *site.level() <= tracing::Level::INFO
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

fn bump_of(span: Option<&str>) -> NewEvent {
    let event = NewEvent::of(&Bumped { by: 1 }).unwrap();
    match span {
        Some(span) => event.with_metadata(Metadata::new().entry(TRACEPARENT, span)),
        None => event,
    }
}

fn traceparent(span: u64) -> String {
    TraceParent::new(9, span, 1).unwrap().to_string()
}

/// Runs a projection over events with these trace contexts, then rebuilds it. Returns the links of each batch.
async fn links_of(contexts: &[String]) -> Vec<Vec<u64>> {
    let _enabled = tracing::subscriber::set_default(Enabled);
    let (store, checkpoints, sums, bridge) =
        (MemoryEventStore::new(), MemoryCheckpoints::new(), Sums::default(), Bridge::default());
    eventsource::memory::MemoryReadModels::new(&checkpoints).ensure_tables(&sums).await.unwrap();
    let stream = StreamId::new("Counter", Uuid::from_u128(1));
    let events = contexts.iter().map(|context| bump_of(Some(context))).collect();
    store.append(&stream, ExpectedVersion::Any, events).await.unwrap();
    let manager = SubscriptionManager::new(store, MemoryEventBus::new(), checkpoints).with_traces(bridge.clone());
    let handle = manager.subscribe(sums, SubscriptionConfig::from_beginning()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    let links = bridge.links();
    handle.rebuild().await.unwrap().await.unwrap();
    manager.stop().await.unwrap();
    assert_eq!(bridge.links(), links, "a rebuild has no links");
    links
}

#[tokio::test]
async fn batch_is_linked_to_the_newest_distinct_contexts() {
    let contexts: Vec<_> = (1..=100).flat_map(|span| [traceparent(span), traceparent(span)]).collect();
    let links = links_of(&contexts).await;
    let newest: Vec<_> = (37..=100).rev().collect();
    assert_eq!(links, [newest]);
}

#[tokio::test]
async fn malformed_context_is_ignored() {
    let contexts = [traceparent(1), "00-zz-1-01".to_owned(), String::new(), traceparent(2)];
    assert_eq!(links_of(&contexts).await, [[2, 1]]);
    assert!(links_of(&["no context".to_owned()]).await.is_empty());
}

#[tokio::test]
async fn append_gives_events_the_context_of_the_trace_unless_they_have_one() {
    let bridge = Bridge::default();
    let store = Observed::new(MemoryEventStore::new()).traces(bridge.clone());
    let stream = StreamId::new("Counter", Uuid::from_u128(1));
    let own = traceparent(7);
    let outside = store.append(&stream, ExpectedVersion::Any, vec![bump_of(None)]).await.unwrap();
    assert_eq!(TraceParent::of(outside.events()[0].metadata()), None);
    *bridge.current.lock().unwrap() = Some(5);
    let events = vec![bump_of(None).partition_key("a key"), bump_of(Some(&own))];
    let inside = store.append(&stream, ExpectedVersion::Any, events).await.unwrap();
    let spans: Vec<_> =
        inside.events().iter().map(|event| TraceParent::of(event.metadata()).map(|parent| parent.span_id())).collect();
    assert_eq!(spans, [Some(5), Some(7)]);
    assert_eq!(inside.events()[0].partition_key(), Some("a key"), "the metadata of the writer stays");
}

/// A log whose events were stored an hour ago.
struct Old(MemoryEventStore);

#[async_trait]
impl EventLog for Old {
    async fn read_log(&self, after: Position, filter: &EventFilter, limit: PageLimit) -> Result<LogPage, StoreError> {
        let mut page = self.0.read_log(after, filter, limit).await?;
        for event in &mut page.events {
            let old = event.recorded_at() - chrono::TimeDelta::hours(1);
            let new = bump_of(Some(&traceparent(event.version()))).with_id(event.id());
            *event = Arc::new(new.record(event.stream().clone(), event.version(), event.position(), old));
        }
        Ok(page)
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.0.head().await
    }

    async fn log_id(&self) -> Result<LogId, StoreError> {
        self.0.log_id().await
    }

    async fn last_event(&self, to: Position) -> Result<Option<LogMark>, StoreError> {
        self.0.last_event(to).await
    }

    async fn backlog(&self, after: Position, limit: u64) -> Result<Backlog, StoreError> {
        self.0.backlog(after, limit).await
    }

    async fn event_types_except(
        &self,
        known: &[&str],
        after: Position,
        to: Position,
        limit: usize,
    ) -> Result<Vec<StoredType>, StoreError> {
        self.0.event_types_except(known, after, to, limit).await
    }

    async fn read_stream_page(
        &self,
        stream: &StreamId,
        read: ReadStream,
        limit: PageLimit,
    ) -> Result<StreamPage, StoreError> {
        self.0.read_stream_page(stream, read, limit).await
    }
}

#[tokio::test]
async fn old_events_have_no_links() {
    let _enabled = tracing::subscriber::set_default(Enabled);
    let (store, checkpoints, sums, bridge) =
        (MemoryEventStore::new(), MemoryCheckpoints::new(), Sums::default(), Bridge::default());
    let notes = Notes::default();
    eventsource::memory::MemoryReadModels::new(&checkpoints).ensure_tables(&sums).await.unwrap();
    bump_in(&store, 1, &[1, 2]).await;
    let manager = SubscriptionManager::new(Old(store), MemoryEventBus::new(), checkpoints)
        .with_traces(bridge.clone())
        .with_observer(notes.clone());
    manager.subscribe(sums, SubscriptionConfig::from_beginning()).await.unwrap();
    manager.start().await.unwrap();
    eventually("both bumps were handled", || async { notes.told(|told| told.handled) == 2 }).await;
    manager.stop().await.unwrap();
    assert!(bridge.links().is_empty(), "{:?}", bridge.links());
}
