//! OpenTelemetry for [`eventsource`]: a trace can be followed from a request over its append and a projection to what a
//! handler of that projection appends, and so on.
//!
//! [`OtelTraces`] is the [bridge](TraceBridge) between the spans of the crate `tracing` and OpenTelemetry. Give it to the
//! event store and to the subscription manager. [`eventsource::trace`] lists the spans and their links.
//!
//! The program needs a subscriber of `tracing` with the layer of `tracing-opentelemetry`, and an exporter. Without them
//! this crate does nothing.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use eventsource::prelude::*;
//! use eventsource::store::Observed;
//! use eventsource_otel::OtelTraces;
//! use opentelemetry::trace::TracerProvider as _;
//! use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
//! use tracing_subscriber::layer::SubscriberExt as _;
//!
//! // A service exports to a collector, by `opentelemetry-otlp` for example.
//! let exporter = InMemorySpanExporter::default();
//! let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
//! let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("orders"));
//! let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
//!
//! let store = Observed::new(MemoryEventStore::new()).traces(OtelTraces::new());
//! let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new())
//!     .with_traces(OtelTraces::new());
//!
//! let order = StreamId::new("Order", uuid::Uuid::now_v7());
//! let placed = vec![NewEvent::raw("OrderPlaced", 1, "{}")];
//! let appended = store.append(&order, ExpectedVersion::NoStream, placed).await?;
//! assert!(appended.events()[0].metadata().get_entry("traceparent").is_some());
//! assert_eq!(exporter.get_finished_spans()?[0].name, "send Order");
//! # drop(manager);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

use eventsource::trace::{TraceBridge, TraceParent};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The bridge to OpenTelemetry. See [the crate](crate) for an example.
#[derive(Debug, Clone, Copy, Default)]
pub struct OtelTraces {
    single_event_parent: bool,
}

impl OtelTraces {
    /// Creates the bridge.
    #[must_use]
    pub const fn new() -> Self {
        Self { single_event_parent: false }
    }

    /// Sets whether the span of a batch with one event is a child of the span that appended the event, so that both are
    /// in one trace. By default the batch is the root of a trace of its own, with a link to that span, as batches with
    /// several events always are.
    ///
    /// ```
    /// use eventsource_otel::OtelTraces;
    ///
    /// let traces = OtelTraces::new().single_event_parent(true);
    /// # let _ = traces;
    /// ```
    #[must_use]
    pub const fn single_event_parent(mut self, is_parent: bool) -> Self {
        self.single_event_parent = is_parent;
        self
    }
}

impl TraceBridge for OtelTraces {
    /// Returns the context of the current span of `tracing`. Without one, the current context of OpenTelemetry, which a
    /// program can set without `tracing`.
    fn current(&self) -> Option<TraceParent> {
        let of_span = Span::current().context();
        parent_of(of_span.span().span_context()).or_else(|| {
            let attached = opentelemetry::Context::current();
            parent_of(attached.span().span_context())
        })
    }

    fn link(&self, span: &Span, to: &[TraceParent]) {
        for parent in to {
            span.add_link(context_of(parent));
        }
    }

    fn link_only(&self, span: &Span, to: &TraceParent) {
        let parent = opentelemetry::Context::new().with_remote_span_context(context_of(to));
        // It fails without a layer of OpenTelemetry, and then there are no links either.
        if !self.single_event_parent || span.set_parent(parent).is_err() {
            self.link(span, std::slice::from_ref(to));
        }
    }
}

/// Returns a context for the metadata of an event; `None` outside a trace.
fn parent_of(context: &SpanContext) -> Option<TraceParent> {
    let trace = u128::from_be_bytes(context.trace_id().to_bytes());
    let span = u64::from_be_bytes(context.span_id().to_bytes());
    let parent = TraceParent::new(trace, span, context.trace_flags().to_u8())?;
    Some(parent.with_state(context.trace_state().header()))
}

/// Returns the context of OpenTelemetry. A state of vendors that is malformed is dropped.
fn context_of(parent: &TraceParent) -> SpanContext {
    let state = parent.state().and_then(|state| state.parse::<TraceState>().ok()).unwrap_or_default();
    SpanContext::new(
        TraceId::from_bytes(parent.trace_id().to_be_bytes()),
        SpanId::from_bytes(parent.span_id().to_be_bytes()),
        TraceFlags::new(parent.flags()),
        true,
        state,
    )
}
