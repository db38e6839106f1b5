//! Where the handlers of an engine write: outside the engine, or into its state.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;

use tracing::{Instrument as _, Span};

use super::handlers::Handlers;
use crate::event::RecordedEvent;
use crate::projection::{HandlerError, ProjectionKind};
use crate::store::PAGE_BYTES;

/// The place where the handlers of an engine write: [`External`] or [`Owned`].
///
/// The trait is sealed: only these two types implement it. Use it as a bound of code that takes any engine.
///
/// ```
/// use eventsource::engine::{EngineState, ProjectionEngine};
///
/// fn events_processed<S: EngineState>(engine: &ProjectionEngine<S>) -> u64 {
///     engine.progress().map_or(0, |progress| progress.events_processed)
/// }
/// # let engine = ProjectionEngine::new("orders", eventsource::engine::MemoryProjectionStates::new());
/// # assert_eq!(events_processed(&engine), 0);
/// ```
pub trait EngineState: Send + Sync + 'static + sealed::State {}

impl EngineState for External {}
impl<T: Clone + Send + Sync + 'static> EngineState for Owned<T> {}

/// The handlers write outside the engine: into variables that their closures have captured, or to another system.
///
/// The engine cannot undo such a write. When a handler fails, the handlers before it have done their work. The next
/// attempt in this process starts with the failed handler; an attempt in a new process starts with the first one.
///
/// ```
/// use eventsource::engine::{External, MemoryProjectionStates, ProjectionEngine};
///
/// let engine: ProjectionEngine<External> = ProjectionEngine::new("orders", MemoryProjectionStates::new());
/// # let _ = engine;
/// ```
#[derive(Debug, Clone, Default)]
pub struct External {
    /// The event that is not finished, and how many of its handlers are done.
    unfinished: Option<(uuid::Uuid, usize)>,
}

/// The handlers write into the state of the engine.
///
/// When a handler fails or panics, the state is as before the event. For that the engine keeps a copy of the state,
/// which it renews every 1,024 events or 8 MiB of events, and the events since. Make a large state cheap to clone: put
/// its large parts behind an `Arc`, and let the handlers change them with [`Arc::make_mut`].
///
/// A copy must share nothing that changes. A `Mutex`, a `RefCell`, an atomic or a concurrent map behind an `Arc` is
/// shared by the copy: what a failed handler wrote there stays, and a replay counts events twice. For such a state use
/// [`External`] with a truncate hook.
///
/// ```
/// use std::collections::BTreeMap;
/// use std::sync::Arc;
///
/// use eventsource::engine::{MemoryProjectionStates, Owned, ProjectionEngine};
///
/// type Balances = Arc<BTreeMap<u64, u64>>; // cheap to clone
///
/// let engine: ProjectionEngine<Owned<Balances>> =
///     ProjectionEngine::new("balances", MemoryProjectionStates::new()).with_state(Balances::default());
/// assert!(engine.state().is_empty());
/// ```
#[derive(Debug, Clone)]
pub struct Owned<T> {
    current: T,
    initial: T,
    copy: T,
    /// The events that were applied since the copy, and their size.
    since: Vec<Arc<RecordedEvent>>,
    bytes: usize,
}

/// The number of events after which the copy of the state is renewed.
const COPY_AFTER: usize = 1_024;

impl<T: Clone> Owned<T> {
    pub(super) fn new(state: T) -> Self {
        Self { current: state.clone(), initial: state.clone(), copy: state, since: Vec::new(), bytes: 0 }
    }

    pub(super) const fn current(&self) -> &T {
        &self.current
    }

    fn renew_copy(&mut self) {
        self.copy = self.current.clone();
        self.since.clear();
        self.bytes = 0;
    }

    /// Rolls the state back to what it was before the failed event.
    ///
    /// # Errors
    /// A handler failed that had succeeded for the same event before. Then the state is the initial one.
    fn roll_back(&mut self, handlers: &Handlers<Update<T>>) -> Result<(), HandlerError> {
        self.current = self.copy.clone();
        for event in &self.since {
            for handler in handlers.of(event.event_type()) {
                if let Err(error) = call(handler, &mut self.current, event) {
                    *self = Self::new(self.initial.clone());
                    let text = format!("a handler failed for an event that it had applied before: {error}");
                    return Err(HandlerError::panicked(text));
                }
            }
        }
        Ok(())
    }
}

/// A failed handler: its index, and its error.
#[derive(Debug)]
pub struct Failed {
    pub(super) handler: usize,
    pub(super) error: HandlerError,
    /// Whether the state was lost.
    pub(super) is_state_lost: bool,
    /// The span of the call.
    pub(super) span: Span,
}

/// The span of one call: of the handler with this number, from 0.
fn span(projection: &str, event: &RecordedEvent, handler: usize) -> Span {
    tracing::debug_span!(
        "event",
        projection,
        event_type = event.event_type(),
        position = event.position().value(),
        handler = handler + 1
    )
}

type Boxed = Pin<Box<dyn Future<Output = Result<(), HandlerError>> + Send>>;
type SyncCall = dyn Fn(&Arc<RecordedEvent>) -> Result<(), HandlerError> + Send + Sync;
type AsyncCall = dyn Fn(&Arc<RecordedEvent>) -> Boxed + Send + Sync;
type Update<T> = Arc<dyn Fn(&mut T, &Arc<RecordedEvent>) -> Result<(), HandlerError> + Send + Sync>;

/// A handler that writes outside the engine.
#[derive(Clone)]
pub enum Call {
    Sync(Arc<SyncCall>),
    Async(Arc<AsyncCall>),
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sync(_) => "Sync",
            Self::Async(_) => "Async",
        })
    }
}

/// Calls `handler`, and converts a panic into a failure. It must not count as a handler that was interrupted, after
/// which a subscription replays the log: the engine rolls its state back itself.
fn call<T>(handler: &Update<T>, state: &mut T, event: &Arc<RecordedEvent>) -> Result<(), HandlerError> {
    let done = catch_unwind(AssertUnwindSafe(|| handler(state, event)));
    done.unwrap_or_else(|panic| Err(HandlerError::permanent(HandlerError::from_panic(&*panic).to_string())))
}

pub(super) mod sealed {
    use super::{Arc, Failed, Future, Handlers, ProjectionKind, RecordedEvent};

    pub trait State: Sized {
        /// The kind of a projection whose handlers write there.
        const KIND: ProjectionKind;
        /// A handler whose types are erased.
        type Handler: Clone + Send + Sync + 'static;

        /// Runs the handlers of `event` in the engine `projection`, each in a span.
        fn apply(
            &mut self,
            projection: &str,
            handlers: &Handlers<Self::Handler>,
            event: &Arc<RecordedEvent>,
        ) -> impl Future<Output = Result<(), Failed>> + Send;

        /// Empties what belongs to the engine.
        fn reset(&mut self);

        /// Whether [`reset`](Self::reset) empties everything that the handlers have written.
        const RESETS_ITSELF: bool;
    }
}

impl sealed::State for External {
    const KIND: ProjectionKind = ProjectionKind::Effects;
    const RESETS_ITSELF: bool = false;
    type Handler = Call;

    async fn apply(
        &mut self,
        projection: &str,
        handlers: &Handlers<Call>,
        event: &Arc<RecordedEvent>,
    ) -> Result<(), Failed> {
        let done = self.unfinished.take().filter(|(id, _)| *id == event.id()).map_or(0, |(_, done)| done);
        for (index, handler) in handlers.of(event.event_type()).iter().enumerate().skip(done) {
            // Set before the call, so that a cancelled call does not count as done.
            self.unfinished = Some((event.id(), index));
            let span = span(projection, event, index);
            let result = match handler {
                Call::Sync(handler) => span.in_scope(|| handler(event)),
                Call::Async(handler) => {
                    let work = span.in_scope(|| handler(event));
                    // Entering a span that is not collected costs as much as a short handler.
                    if span.is_disabled() { work.await } else { work.instrument(span.clone()).await }
                }
            };
            result.map_err(|error| Failed { handler: index, error, is_state_lost: false, span })?;
        }
        self.unfinished = None;
        Ok(())
    }

    fn reset(&mut self) {
        self.unfinished = None;
    }
}

impl<T: Clone + Send + Sync + 'static> sealed::State for Owned<T> {
    const KIND: ProjectionKind = ProjectionKind::Memory;
    const RESETS_ITSELF: bool = true;
    type Handler = Update<T>;

    async fn apply(
        &mut self,
        projection: &str,
        handlers: &Handlers<Update<T>>,
        event: &Arc<RecordedEvent>,
    ) -> Result<(), Failed> {
        for (index, handler) in handlers.of(event.event_type()).iter().enumerate() {
            let span = span(projection, event, index);
            let Err(error) = span.in_scope(|| call(handler, &mut self.current, event)) else { continue };
            return Err(match self.roll_back(handlers) {
                Ok(()) => Failed { handler: index, error, is_state_lost: false, span },
                Err(error) => Failed { handler: index, error, is_state_lost: true, span },
            });
        }
        self.since.push(Arc::clone(event));
        self.bytes += event.size();
        if self.since.len() >= COPY_AFTER || self.bytes >= PAGE_BYTES {
            self.renew_copy();
        }
        Ok(())
    }

    fn reset(&mut self) {
        *self = Self::new(self.initial.clone());
    }
}
