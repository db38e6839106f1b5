//! A trace is walked back from a row to the HTTP request: over a projection, what its handler appended, and another
//! projection.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use eventsource::memory::MemoryReadModels;
use eventsource::prelude::*;
use eventsource::store::Observed;
use eventsource_otel::OtelTraces;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{SpanKind, Status, TraceId, TracerProvider as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use uuid::Uuid;

const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Debug, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct OrderPlaced {
    total: u64,
}

#[derive(Debug, Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Shipment")]
struct ShipmentAsked {
    total: u64,
}

#[derive(Debug, Clone, ReadModel)]
#[read_model(table = "shipments")]
struct ShipmentRow {
    #[read_model(id)]
    id: Uuid,
    total: u64,
}

/// Appends for each order a shipment. It refuses an order for 13.
struct Shipping(Arc<dyn EventStore>);

#[projection(name = "shipping", effects)]
impl Shipping {
    #[handles(OrderPlaced)]
    async fn placed(&self, event: &Event<OrderPlaced>) -> Result<(), HandlerError> {
        if event.total == 13 {
            return Err(HandlerError::permanent("not 13"));
        }
        let id = Uuid::new_v5(&event.id(), b"shipment");
        let asked = NewEvent::of(&ShipmentAsked { total: event.total })?.with_id(id);
        self.0.append(&StreamId::new("Shipment", id), ExpectedVersion::NoStream, vec![asked]).await?;
        Ok(())
    }
}

/// Writes a row for each shipment, in a span.
struct Shipments;

#[projection(name = "shipments", read_models(ShipmentRow))]
impl Shipments {
    #[handles(ShipmentAsked)]
    async fn asked(
        &self,
        event: &Event<ShipmentAsked>,
        rows: &mut Repository<ShipmentRow>,
    ) -> Result<(), ReadModelError> {
        let row = ShipmentRow { id: event.aggregate_id(), total: event.total };
        rows.save(row).instrument(tracing::info_span!("write the row")).await
    }
}

/// The context of the client, which sends it with each request.
const CLIENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Places an order, in a span of the trace of the client.
async fn place(
    State(store): State<Arc<dyn EventStore>>,
    Path((order, total)): Path<(Uuid, u64)>,
    headers: HeaderMap,
) -> StatusCode {
    let carried = headers.get("traceparent").unwrap().to_str().unwrap().to_owned();
    let context = TraceContextPropagator::new().extract(&HashMap::from([("traceparent".to_owned(), carried)]));
    let span = tracing::info_span!("POST /orders", otel.kind = "server");
    span.set_parent(context).unwrap();
    let placed = vec![NewEvent::of(&OrderPlaced { total }).unwrap()];
    let stream = StreamId::new("Order", order);
    store.append(&stream, ExpectedVersion::NoStream, placed).instrument(span).await.unwrap();
    StatusCode::CREATED
}

/// Starts an HTTP server, which ends with the runtime of the test.
async fn serve(store: Arc<dyn EventStore>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/orders/{id}/{total}", post(place)).with_state(store);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

struct World {
    address: SocketAddr,
    exporter: InMemorySpanExporter,
    provider: SdkTracerProvider,
    store: Arc<dyn EventStore>,
    _guard: tracing::subscriber::DefaultGuard,
}

impl World {
    async fn new() -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        let store: Arc<dyn EventStore> = Arc::new(Observed::new(MemoryEventStore::new()).traces(OtelTraces::new()));
        let address = serve(Arc::clone(&store)).await;
        Self { address, exporter, provider, store, _guard }
    }

    /// Places an order by an HTTP request.
    async fn request(&self, order: Uuid, total: u64) {
        let mut connection = TcpStream::connect(self.address).await.unwrap();
        let request = format!(
            "POST /orders/{order}/{total} HTTP/1.1\r\nhost: localhost\r\ntraceparent: {CLIENT}\r\n\
             content-length: 0\r\nconnection: close\r\n\r\n"
        );
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    }

    fn spans(&self) -> Vec<SpanData> {
        let _ = self.provider.force_flush();
        self.exporter.get_finished_spans().unwrap()
    }

    /// Waits for a finished span.
    async fn finished(&self, name: &str) -> SpanData {
        let begun = Instant::now();
        loop {
            if let Some(span) = self.spans().into_iter().find(|span| span.name == name) {
                return span;
            }
            assert!(begun.elapsed() < DEADLINE, "no span {name}: {:?}", names(&self.spans()));
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Returns the span that `span` is a child of. For what a handler does, the span of its batch.
    fn parent(&self, span: &SpanData) -> SpanData {
        let is_parent = |other: &SpanData| {
            other.span_context.span_id() == span.parent_span_id
                && other.span_context.trace_id() == span.span_context.trace_id()
        };
        let parent = self.spans().into_iter().find(is_parent);
        let parent = parent.unwrap_or_else(|| panic!("{} has no parent", span.name));
        if parent.name == "event" {
            // The span of one event, at debug level. It has the same link as its batch.
            let batch = self.parent(&parent);
            assert_eq!(self.linked(&parent).span_context, self.linked(&batch).span_context);
            return batch;
        }
        parent
    }

    /// Returns the span of the only link of `span`.
    fn linked(&self, span: &SpanData) -> SpanData {
        let [link] = &span.links.links[..] else { panic!("{} has {} links", span.name, span.links.links.len()) };
        let spans = self.spans().into_iter();
        let mut spans = spans.filter(|other| {
            other.span_context.span_id() == link.span_context.span_id()
                && other.span_context.trace_id() == link.span_context.trace_id()
        });
        spans.next().unwrap_or_else(|| panic!("{} has a link to nothing", span.name))
    }
}

fn names(spans: &[SpanData]) -> Vec<String> {
    spans.iter().map(|span| span.name.to_string()).collect()
}

fn attribute(span: &SpanData, key: &str) -> Option<String> {
    let mut found = span.attributes.iter().filter(|attribute| attribute.key.as_str() == key);
    found.next().map(|attribute| attribute.value.to_string())
}

#[tokio::test]
async fn trace_is_walked_from_the_row_to_the_request() {
    let world = World::new().await;
    let checkpoints = MemoryCheckpoints::new();
    MemoryReadModels::new(&checkpoints).ensure_tables(&Shipments).await.unwrap();
    let manager = SubscriptionManager::new(Arc::clone(&world.store), MemoryEventBus::new(), checkpoints)
        .with_traces(OtelTraces::new());
    let config = SubscriptionConfig::from_beginning;
    let shipping = manager.subscribe(Shipping(Arc::clone(&world.store)), config()).await.unwrap();
    let shipments = manager.subscribe(Shipments, config()).await.unwrap();
    manager.start().await.unwrap();
    world.request(Uuid::from_u128(1), 150).await;
    shipping.caught_up().within(DEADLINE).await.unwrap();
    shipments.caught_up().within(DEADLINE).await.unwrap();
    let row = world.finished("write the row").await;
    world.finished("process shipments").await;
    manager.stop().await.unwrap();

    let second = world.parent(&row);
    assert_eq!((&*second.name, &second.span_kind), ("process shipments", &SpanKind::Consumer));
    let shipment = world.linked(&second);
    assert_eq!((&*shipment.name, &shipment.span_kind), ("send Shipment", &SpanKind::Producer));
    let first = world.parent(&shipment);
    assert_eq!((&*first.name, &first.span_kind), ("process shipping", &SpanKind::Consumer));
    let order = world.linked(&first);
    assert_eq!((&*order.name, &order.span_kind), ("send Order", &SpanKind::Producer));
    let request = world.parent(&order);
    assert_eq!((&*request.name, &request.span_kind), ("POST /orders", &SpanKind::Server));
    assert_eq!(format!("00-{}-{}-01", request.span_context.trace_id(), request.parent_span_id), CLIENT);

    // Each batch is the root of a trace of its own.
    let traces = [&second, &first, &order].map(|span| span.span_context.trace_id());
    assert!(traces[0] != traces[1] && traces[1] != traces[2] && traces[2] != TraceId::INVALID);
    assert_eq!(first.status, Status::Unset);
    assert_eq!(attribute(&first, "messaging.system").as_deref(), Some("eventsource"));
    assert_eq!(attribute(&first, "messaging.batch.message_count").as_deref(), Some("1"));
}

#[tokio::test]
async fn batch_of_one_event_is_a_child_of_its_append_if_that_is_chosen() {
    let world = World::new().await;
    let traces = OtelTraces::new().single_event_parent(true);
    let manager = SubscriptionManager::new(Arc::clone(&world.store), MemoryEventBus::new(), MemoryCheckpoints::new())
        .with_traces(traces);
    let config = SubscriptionConfig::from_beginning();
    let shipping = manager.subscribe(Shipping(Arc::clone(&world.store)), config).await.unwrap();
    manager.start().await.unwrap();
    world.request(Uuid::from_u128(5), 150).await;
    shipping.caught_up().within(DEADLINE).await.unwrap();
    let batch = world.finished("process shipping").await;
    manager.stop().await.unwrap();
    assert_eq!(world.parent(&batch).name, "send Order");
    assert_eq!((batch.span_context.trace_id().to_string(), batch.links.links.len()), (CLIENT[3..35].to_owned(), 0));
}

#[tokio::test]
async fn batch_that_fails_has_the_status_of_an_error() {
    let world = World::new().await;
    let manager = SubscriptionManager::new(Arc::clone(&world.store), MemoryEventBus::new(), MemoryCheckpoints::new())
        .with_traces(OtelTraces::new());
    let config = SubscriptionConfig::from_beginning();
    let shipping = manager.subscribe(Shipping(Arc::clone(&world.store)), config).await.unwrap();
    manager.start().await.unwrap();
    world.request(Uuid::from_u128(2), 13).await;
    shipping.caught_up().within(DEADLINE).await.unwrap();
    let failed = world.finished("process shipping").await;
    manager.stop().await.unwrap();
    assert!(matches!(failed.status, Status::Error { .. }), "{:?}", failed.status);
    assert_eq!(attribute(&failed, "error.type").as_deref(), Some("permanent"));
    assert_eq!(world.linked(&failed).name, "send Order");
}

#[tokio::test]
async fn refused_append_has_the_status_of_an_error() {
    let world = World::new().await;
    world.request(Uuid::from_u128(3), 1).await;
    let placed = vec![NewEvent::of(&OrderPlaced { total: 1 }).unwrap()];
    let stream = StreamId::new("Order", Uuid::from_u128(3));
    world.store.append(&stream, ExpectedVersion::NoStream, placed).await.unwrap_err();
    let spans = world.spans();
    let failed = spans.iter().find(|span| matches!(span.status, Status::Error { .. })).unwrap();
    assert_eq!((&*failed.name, attribute(failed, "error.type").as_deref()), ("send Order", Some("conflict")));
}

#[tokio::test]
async fn program_without_spans_of_tracing_uses_the_attached_context() {
    use opentelemetry::trace::{TraceContextExt as _, Tracer as _};

    let provider = SdkTracerProvider::builder().with_simple_exporter(InMemorySpanExporter::default()).build();
    let span = provider.tracer("test").start("a request");
    let context = opentelemetry::Context::current_with_span(span);
    let expected = context.span().span_context().trace_id().to_string();
    let store = Observed::new(MemoryEventStore::new()).traces(OtelTraces::new());
    let stream = StreamId::new("Order", Uuid::from_u128(4));
    let placed = vec![NewEvent::of(&OrderPlaced { total: 1 }).unwrap()];
    let appended = {
        let _attached = context.attach();
        // The store in memory answers at the first poll.
        store.append(&stream, ExpectedVersion::NoStream, placed).await.unwrap()
    };
    let parent = eventsource::trace::TraceParent::of(appended.events()[0].metadata()).unwrap();
    assert_eq!(format!("{:032x}", parent.trace_id()), expected);
}
