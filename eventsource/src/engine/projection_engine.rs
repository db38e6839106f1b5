//! The engine: its parts, and how it is created.

use std::fmt;
use std::sync::Arc;

use super::handlers::Handlers;
use super::state::sealed;
use super::{EngineState, External, Owned, ProjectionState, ProjectionStateStore};
use crate::projection::{Delivered, HandlerError};

type Hook = Arc<dyn Fn() -> Result<(), HandlerError> + Send + Sync>;

/// A projection that is assembled at run time, from closures.
///
/// An event may have several handlers, which run in the order in which they were registered. The engine keeps a
/// [`ProjectionState`] of its progress in a [`ProjectionStateStore`], under its name.
///
/// | engine | handlers write | guarantee when it is subscribed |
/// | --- | --- | --- |
/// | [`new`](Self::new) with [`on`](ProjectionEngine::on) and [`on_async`](ProjectionEngine::on_async) | outside the engine | at least once (effects) |
/// | [`with_state`](ProjectionEngine::with_state) with [`update`](ProjectionEngine::update) | into the engine's state | exactly once in this process (memory) |
///
/// An engine with a state starts with the first event in each new process, whatever its store holds. An engine whose
/// handlers write outside continues after the last event of its stored progress.
///
/// An event is passed over if its position is not after the last one: it was applied before.
///
/// The module has an example with a state; this one writes into a map that the program shares with the handler:
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use std::sync::{Arc, Mutex};
///
/// use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// use eventsource::prelude::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Account")]
/// # struct AccountCreated { owner: String }
///
/// let owners = Arc::new(Mutex::new(Vec::new()));
/// let seen = Arc::clone(&owners);
/// let engine = ProjectionEngine::new("account-owners", MemoryProjectionStates::new())
///     .on::<AccountCreated>(move |event| seen.lock().unwrap().push(event.owner.clone()))
///     .on_truncate({ let owners = Arc::clone(&owners); move || owners.lock().unwrap().clear() });
/// # let _ = engine;
/// # }
/// ```
pub struct ProjectionEngine<S: EngineState = External> {
    pub(super) projection_id: String,
    pub(super) version: u32,
    pub(super) handlers: Arc<Handlers<<S as sealed::State>::Handler>>,
    pub(super) hooks: Vec<Hook>,
    pub(super) states: Arc<dyn ProjectionStateStore>,
    pub(super) state: S,
    /// The progress, once it is loaded.
    pub(super) progress: Option<ProjectionState>,
    /// Whether the progress has changed since it was saved.
    pub(super) is_unsaved: bool,
    /// Where the events of the present batch of a subscription come from.
    pub(super) delivered: Delivered,
}

/// The result of one event.
///
/// ```
/// use eventsource::engine::Processed;
///
/// assert_ne!(Processed::Applied, Processed::Repeated);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Processed {
    /// The handlers have applied it.
    Applied,
    /// It has no handler.
    PassedOver,
    /// It was applied or passed over before.
    Repeated,
}

impl ProjectionEngine<External> {
    /// Creates an engine without handlers, whose progress is stored in `states` under the name `projection_id`.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct MoneyDeposited { cents: u64 }
    /// let engine = ProjectionEngine::new("audit", MemoryProjectionStates::new())
    ///     .on::<MoneyDeposited>(|event| println!("{} cents", event.cents));
    /// assert_eq!(engine.projection_id(), "audit");
    /// # }
    /// ```
    #[must_use]
    pub fn new(projection_id: impl Into<String>, states: impl ProjectionStateStore) -> Self {
        Self {
            projection_id: projection_id.into(),
            version: 1,
            handlers: Arc::default(),
            hooks: Vec::new(),
            states: Arc::new(states),
            state: External::default(),
            progress: None,
            is_unsaved: false,
            delivered: Delivered::Log,
        }
    }

    /// Gives the engine a state, which starts as `state` in each process. Handlers that were registered before are
    /// dropped, since they write outside the engine.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct MoneyDeposited { cents: u64 }
    /// let engine = ProjectionEngine::new("total", MemoryProjectionStates::new())
    ///     .with_state(0)
    ///     .update::<MoneyDeposited>(|total, event| *total += event.cents);
    /// assert_eq!(*engine.state(), 0);
    /// # }
    /// ```
    #[must_use]
    pub fn with_state<T: Clone + Send + Sync + 'static>(self, state: T) -> ProjectionEngine<Owned<T>> {
        ProjectionEngine {
            projection_id: self.projection_id,
            version: self.version,
            handlers: Arc::default(),
            hooks: self.hooks,
            states: self.states,
            state: Owned::new(state),
            progress: None,
            is_unsaved: false,
            delivered: Delivered::Log,
        }
    }
}

impl<T: Clone + Send + Sync + 'static> ProjectionEngine<Owned<T>> {
    /// Returns the state, as the events that were applied have left it. A failed event leaves no trace in it.
    ///
    /// ```
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct MoneyDeposited { cents: u64 }
    /// let mut engine = ProjectionEngine::new("total", MemoryProjectionStates::new())
    ///     .with_state(0)
    ///     .update::<MoneyDeposited>(|total, event| *total += event.cents);
    /// # let account = StreamId::new("Account", uuid::Uuid::nil());
    /// # let store = MemoryEventStore::new();
    /// # let [first, second] = [MoneyDeposited { cents: 500 }, MoneyDeposited { cents: 20 }];
    /// # let deposits = vec![NewEvent::of(&first)?, NewEvent::of(&second)?];
    /// # let appended = store.append(&account, ExpectedVersion::Any, deposits).await?;
    /// engine.replay_log(&store).await?;
    /// assert_eq!(*engine.state(), 520);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn state(&self) -> &T {
        self.state.current()
    }
}

impl<S: EngineState> ProjectionEngine<S> {
    /// Sets the version of the projection, 1 by default. Raise it when the handlers change what they write.
    ///
    /// ```
    /// use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// use eventsource::projection::fingerprint;
    ///
    /// let engine = ProjectionEngine::new("orders", MemoryProjectionStates::new()).version(2);
    /// assert!(fingerprint(&engine).starts_with("orders v2"));
    /// ```
    #[must_use]
    pub const fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Returns the name of the engine.
    ///
    /// ```
    /// use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    ///
    /// assert_eq!(ProjectionEngine::new("orders", MemoryProjectionStates::new()).projection_id(), "orders");
    /// ```
    #[must_use]
    pub fn projection_id(&self) -> &str {
        &self.projection_id
    }

    /// Returns the progress; `None` before the first event and before [`load`](Self::load).
    ///
    /// ```
    /// # #[cfg(feature = "macros")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Account")]
    /// # struct MoneyDeposited { cents: u64 }
    /// let mut engine = ProjectionEngine::new("total", MemoryProjectionStates::new())
    ///     .with_state(0)
    ///     .update::<MoneyDeposited>(|total, event| *total += event.cents);
    /// # let account = StreamId::new("Account", uuid::Uuid::nil());
    /// # let store = MemoryEventStore::new();
    /// # let [first, second] = [MoneyDeposited { cents: 500 }, MoneyDeposited { cents: 20 }];
    /// # let deposits = vec![NewEvent::of(&first)?, NewEvent::of(&second)?];
    /// # let appended = store.append(&account, ExpectedVersion::Any, deposits).await?;
    /// engine.process_events(appended.events()).await?;
    /// let progress = engine.progress().ok_or("not loaded")?;
    /// assert_eq!((progress.position, progress.events_processed), (appended.position(), 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub const fn progress(&self) -> Option<&ProjectionState> {
        self.progress.as_ref()
    }
}

impl<S: EngineState + Clone> Clone for ProjectionEngine<S> {
    fn clone(&self) -> Self {
        Self {
            projection_id: self.projection_id.clone(),
            version: self.version,
            handlers: Arc::clone(&self.handlers),
            hooks: self.hooks.clone(),
            states: Arc::clone(&self.states),
            state: self.state.clone(),
            progress: self.progress.clone(),
            is_unsaved: self.is_unsaved,
            delivered: self.delivered,
        }
    }
}

impl<S: EngineState> fmt::Debug for ProjectionEngine<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProjectionEngine")
            .field("projection_id", &self.projection_id)
            .field("handlers", &self.handlers)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}
