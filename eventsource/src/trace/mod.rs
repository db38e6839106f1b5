//! Trace contexts in the metadata of events, and the port to a tracer.
//!
//! An event that is appended in a trace keeps the context of that trace in its [`Metadata`], as two entries
//! with the names of the W3C recommendation: [`TRACEPARENT`] and [`TRACESTATE`]. A subscription links the span of a
//! batch to these contexts. So a trace can be followed from a request over an append and a projection to what a handler
//! of that projection appends.
//!
//! This crate names no tracer: a [`TraceBridge`] does. The crate `eventsource-otel` has one for OpenTelemetry. Give it to
//! [`Observed::traces`](crate::store::Observed::traces) for the write side, and to
//! [`SubscriptionManager::with_traces`](crate::SubscriptionManager::with_traces) for the read side.
//!
//! | span | level | where | kind | context |
//! | --- | --- | --- | --- | --- |
//! | `append`, named `send {aggregate type}` | info | [`Observed`](crate::store::Observed) | producer | a child of the current span; its events get its context |
//! | `batch`, named `process {subscription}` | info | a subscription | consumer | a root, with links to the contexts of its events; see [`TraceBridge::link_only`] for a batch of one event |
//! | `event` | debug | a subscription | | a child of `batch`, with a link to the context of its event |
//!
//! A batch has links to the newest distinct contexts of its events, 64 at most; the number of the others is in its
//! field `eventsource.links.left_out`. Events that were stored more than 15 minutes ago, and a rebuild, get no links:
//! their traces have ended, and a rebuild would export one link for each event of the log.

mod bridge;
mod parent;

pub use self::bridge::TraceBridge;
pub(crate) use self::bridge::{SharedBridge, link, link_batch};
pub use self::parent::{TRACEPARENT, TRACESTATE, TraceParent};

#[cfg(doc)]
use crate::event::Metadata;
