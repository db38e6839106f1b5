//! Log lines, and spans that go to an OpenTelemetry collector by OTLP over HTTP: a trace can be followed from a request
//! over its append and a projection to the next append.
//!
//! The variables of OpenTelemetry apply: `OTEL_EXPORTER_OTLP_ENDPOINT` is `http://localhost:4318` by default, and
//! `OTEL_SERVICE_NAME` is `service`.

use axum::http::HeaderMap;
use eventsource::CheckpointStore;
use eventsource::store::Observed;
use eventsource::subscription::ManagerBuilder;
use eventsource_otel::OtelTraces;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Logs and traces are written until this is dropped: then the last spans are exported.
pub struct Installed(SdkTracerProvider);

/// Writes the log lines of this process to standard error, and exports its spans. Standard output has one line: the
/// address of the server.
pub fn install() -> Result<Installed, ExporterBuildError> {
    let exporter = SpanExporter::builder().with_http().build()?;
    let mut resource = Resource::builder();
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name("service");
    }
    let provider = SdkTracerProvider::builder().with_resource(resource.build()).with_batch_exporter(exporter).build();
    let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("service"));
    tracing_subscriber::registry()
        .with(LevelFilter::INFO)
        .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr))
        .with(spans)
        .init();
    Ok(Installed(provider))
}

impl Drop for Installed {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown() {
            tracing::warn!(%error, "the last spans were not exported");
        }
    }
}

/// Makes the span of a request a child of the span of its client, if the request names one in `traceparent`.
pub fn adopt(span: &Span, headers: &HeaderMap) {
    let context = TraceContextPropagator::new().extract(&Headers(headers));
    // It fails if no layer of OpenTelemetry is installed, as in a test.
    let _ = span.set_parent(context);
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|key| key.as_str()).collect()
    }
}

/// Connects appends with the traces of their requests.
pub fn of_store<S>(store: Observed<S>) -> Observed<S> {
    store.traces(OtelTraces::new())
}

/// Connects projections with the traces of their events.
pub fn of_manager<C: CheckpointStore>(manager: ManagerBuilder<C>) -> ManagerBuilder<C> {
    manager.traces(OtelTraces::new())
}
