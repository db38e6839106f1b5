//! An event store that reports its appends.

mod appends;
mod log;
mod observer;

pub use self::observer::{AppendFailure, AppendSeen, WriteObserver};

use std::fmt;
use std::sync::Arc;

use crate::panics::Guarded;
use crate::trace::{SharedBridge, TraceBridge};

/// An event store that measures each append of another one, and gives its events the context of the present trace.
///
/// Wrap the store once, and give clones of the wrapper to repositories and handlers. Reads go to the inner store
/// unchanged, and are not measured. A [subscription manager](crate::SubscriptionManager) needs no wrapper: it has
/// [observers](crate::subscription::Observer) of its own.
///
/// Each append has a span `append` at level info, with the field `otel.name` as `send {aggregate type}`. With
/// [`traces`](Self::traces), its context becomes two entries of the metadata of each event, unless the event has them:
/// see [`trace`](crate::trace).
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use eventsource::store::{AppendSeen, Observed, WriteObserver};
/// use eventsource::{EventStore, ExpectedVersion, MemoryEventStore, NewEvent, StreamId};
///
/// #[derive(Default)]
/// struct Count(AtomicUsize);
///
/// impl WriteObserver for Count {
///     fn appended(&self, seen: &AppendSeen<'_>) {
///         self.0.fetch_add(seen.event_types.len(), Ordering::Relaxed);
///     }
/// }
///
/// let count = Arc::new(Count::default());
/// let store = Observed::new(MemoryEventStore::new()).observer(Arc::clone(&count));
/// let order = StreamId::new("Order", uuid::Uuid::now_v7());
/// store.append(&order, ExpectedVersion::NoStream, vec![NewEvent::raw("OrderPlaced", 1, "{}")]).await?;
/// assert_eq!(count.0.load(Ordering::Relaxed), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Observed<S> {
    store: S,
    observers: Vec<Arc<Guarded<dyn WriteObserver>>>,
    traces: Option<SharedBridge>,
}

impl<S> Observed<S> {
    /// Wraps `store`, without an observer and without traces.
    #[must_use]
    pub const fn new(store: S) -> Self {
        Self { store, observers: Vec::new(), traces: None }
    }

    /// Adds an observer. There can be several.
    #[must_use]
    pub fn observer(mut self, observer: impl WriteObserver) -> Self {
        self.observers.push(Arc::new(Guarded::<dyn WriteObserver>::new(Box::new(observer))));
        self
    }

    /// Gives the events the context of the present trace, by this bridge. By default they get none.
    #[must_use]
    pub fn traces(mut self, bridge: impl TraceBridge) -> Self {
        self.traces = Some(SharedBridge::new(bridge));
        self
    }

    /// Returns the inner store.
    #[must_use]
    pub const fn inner(&self) -> &S {
        &self.store
    }

    fn tell(&self, call: impl Fn(&dyn WriteObserver)) {
        self.observers.iter().for_each(|guarded| guarded.tell(|observer| call(observer)));
    }
}

impl<S: fmt::Debug> fmt::Debug for Observed<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed")
            .field("store", &self.store)
            .field("observers", &self.observers.len())
            .field("has_traces", &self.traces.is_some())
            .finish()
    }
}
