//! The port to a tracer.

use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chrono::TimeDelta;
use tracing::Span;

use super::TraceParent;
use crate::event::{RecordedEvent, now};

/// The largest number of links of a span.
const MOST_LINKS: usize = 64;

/// Events that were stored earlier get no link: their traces have ended.
const LINKED_FOR: TimeDelta = TimeDelta::minutes(15);

/// Connects spans of the crate `tracing` with a tracer, such as OpenTelemetry.
///
/// The crate `eventsource-otel` implements it. A panic of a bridge is caught: there are no links then.
///
/// ```
/// use eventsource::trace::{TraceBridge, TraceParent};
///
/// struct NoTracer;
///
/// impl TraceBridge for NoTracer {
///     fn current(&self) -> Option<TraceParent> {
///         None
///     }
///
///     fn link(&self, _span: &eventsource::tracing::Span, _to: &[TraceParent]) {}
/// }
/// ```
pub trait TraceBridge: Send + Sync + 'static {
    /// Returns the context of the current span; `None` outside a trace.
    fn current(&self) -> Option<TraceParent>;

    /// Adds links from `span`, which has not been entered yet, to the spans with these contexts.
    fn link(&self, span: &Span, to: &[TraceParent]);

    /// Connects `span`, which has not been entered yet, with the context of the only event that it handles. The default
    /// adds a link. A bridge can make the span a child of that context instead.
    fn link_only(&self, span: &Span, to: &TraceParent) {
        self.link(span, std::slice::from_ref(to));
    }
}

impl<B: TraceBridge + ?Sized> TraceBridge for Arc<B> {
    fn current(&self) -> Option<TraceParent> {
        (**self).current()
    }

    fn link(&self, span: &Span, to: &[TraceParent]) {
        (**self).link(span, to);
    }

    fn link_only(&self, span: &Span, to: &TraceParent) {
        (**self).link_only(span, to);
    }
}

/// A bridge that is shared, and whose panics are caught.
#[derive(Clone)]
pub(crate) struct SharedBridge(Arc<dyn TraceBridge>);

impl SharedBridge {
    pub(crate) fn new(bridge: impl TraceBridge) -> Self {
        Self(Arc::new(bridge))
    }

    /// Returns the context of the current span.
    pub(crate) fn current(&self) -> Option<TraceParent> {
        catch_unwind(AssertUnwindSafe(|| self.0.current())).ok().flatten()
    }
}

impl fmt::Debug for SharedBridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedBridge")
    }
}

/// Connects the span of a batch with the contexts of its `events`. Returns how many contexts were left out.
pub(crate) fn link_batch(bridge: &SharedBridge, span: &Span, events: &[Arc<RecordedEvent>]) -> usize {
    let [event] = events else { return link(bridge, span, events) };
    if event.recorded_at() >= now() - LINKED_FOR
        && let Some(parent) = TraceParent::of(event.metadata())
    {
        let _ = catch_unwind(AssertUnwindSafe(|| bridge.0.link_only(span, &parent)));
    }
    0
}

/// Adds links from `span` to the newest distinct contexts of `events`, at most [`MOST_LINKS`]. Returns how many contexts
/// were left out.
pub(crate) fn link(bridge: &SharedBridge, span: &Span, events: &[Arc<RecordedEvent>]) -> usize {
    let oldest = now() - LINKED_FOR;
    let (mut links, mut known) = (Vec::new(), BTreeSet::new());
    for event in events.iter().rev().filter(|event| event.recorded_at() >= oldest) {
        let Some(parent) = TraceParent::of(event.metadata()) else { continue };
        if known.insert((parent.trace_id(), parent.span_id())) && links.len() < MOST_LINKS {
            links.push(parent);
        }
    }
    if !links.is_empty() {
        let _ = catch_unwind(AssertUnwindSafe(|| bridge.0.link(span, &links)));
    }
    known.len() - links.len()
}
