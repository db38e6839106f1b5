//! The status of a subscription.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::event::{Position, now};
use crate::projection::{CheckpointError, Guarantee};
use crate::store::{Backlog, LogStall, StoreError, StoredType};
use crate::subscription::report::{maybe_text, or_error, seconds};
use crate::subscription::{RebuildProgress, SubscriptionState};
use crate::text::counted;

/// The status of a subscription, for operators: what [`inspect`](crate::subscription::SubscriptionHandle::inspect) finds out from the
/// stores.
///
/// It costs a few queries. Use [`SubscriptionSnapshot`](crate::subscription::SubscriptionSnapshot) for probes, and for pages that are
/// often reloaded.
///
/// It can be serialised: the state with its name and reason, positions as numbers, durations in seconds, and a missing
/// answer of a store as `{"error": "…"}`.
///
/// ```
/// # use eventsource::prelude::*;
/// # #[derive(Clone)] struct Orders(u32);
/// # impl Subscriber for Orders {
/// #     const KIND: eventsource::ProjectionKind = eventsource::ProjectionKind::Memory;
/// #     fn name(&self) -> std::borrow::Cow<'static, str> { "orders".into() }
/// #     fn subscribed_to(&self) -> EventFilter { EventFilter::types(["OrderRefunded"]) }
/// # }
/// # impl<U: UnitOfWork> EventSubscriber<U> for Orders {
/// #     async fn handle(&mut self, _: &std::sync::Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
/// #         self.0 += 1;
/// #         if self.0 == 1 { Err(HandlerError::permanent("no price")) } else { Ok(()) }
/// #     }
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let store = MemoryEventStore::new();
/// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # let orders = manager.subscribe(Orders(0), SubscriptionConfig::from_beginning()).await?;
/// # let stream = StreamId::new("Order", uuid::Uuid::now_v7());
/// # let refunded = NewEvent::raw("OrderRefunded", 1, "{}");
/// # store.append(&stream, ExpectedVersion::Any, vec![refunded]).await?;
/// # manager.start().await?;
/// # orders.caught_up().await?;
/// # let letters = orders.dead_letters();
/// for status in manager.inspect_all().await {
///     println!("{}: {}", status.name, status.state);
///     match &status.dead_letters {
///         Ok(letters) => println!("  {letters} dead letters"),
///         Err(error) => println!("  dead letters unknown: {error}"),
///     }
///     match &status.lag {
///         Ok(lag) => println!("  {lag} behind"),
///         Err(error) => println!("  lag unknown: {error}"),
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SubscriptionStatus {
    /// The name of the subscription.
    pub name: String,
    /// What the subscription is doing, and why.
    pub state: SubscriptionState,
    /// The reason that was given to [`pause_for`](crate::subscription::SubscriptionManager::pause_for); `None` if it is not paused,
    /// or was paused without a reason.
    #[serde(serialize_with = "maybe_text")]
    pub pause_reason: Option<Arc<str>>,
    /// The position up to which every event is passed: applied, skipped, dismissed, held by a dead letter, or not
    /// handled by the projection. `None` without a checkpoint. On a standby, the checkpoint that the owner has
    /// stored; if the checkpoint store did not answer, the one that this process read last.
    pub position: Option<Position>,
    /// How many events the handlers have applied since the projection was subscribed in this process. Retried letters
    /// and the replay of a rebuild in place count too.
    pub events_handled: u64,
    /// The last error since the projection was subscribed in this process, without its time. It may be solved by now.
    #[serde(serialize_with = "maybe_text")]
    pub last_error: Option<Arc<str>>,
    /// How many dead letters wait to be retried or dismissed. Letters that are older than this process are counted up
    /// to [`LetterCounts::MOST`](crate::projection::LetterCounts::MOST): a greater number means "more than that".
    /// The error if another process runs the subscription and the checkpoint store did not answer.
    #[serde(serialize_with = "or_error")]
    pub dead_letters: Result<usize, Arc<CheckpointError>>,
    /// How many events wait behind the counted letters, in parked streams.
    /// The error if `dead_letters` is one.
    #[serde(serialize_with = "or_error")]
    pub events_held: Result<u64, Arc<CheckpointError>>,
    /// How far the rebuild is; `None` if there is none.
    pub rebuild: Option<RebuildProgress>,
    /// How often the effects of an event happen.
    pub guarantee: Guarantee,
    /// How far the subscription is behind the end of the log, in every state; the error if the event store did not
    /// answer.
    #[serde(serialize_with = "or_error")]
    pub lag: Result<Lag, Arc<StoreError>>,
    /// The transaction that stalls the log, if it does so for longer than the event store considers normal.
    ///
    /// Events behind it are not part of the lag. A subscription that would be live or catching up is
    /// [`Waiting`](SubscriptionState::Waiting) for it.
    /// The error if the event store did not answer.
    #[serde(serialize_with = "or_error")]
    pub stalled_by: Result<Option<LogStall>, Arc<StoreError>>,
    /// The unknown event types in the whole log, each with the position of its first event: the first 100 types. The
    /// error if the event store did not answer ([unknown is explicit](crate::guarantees#unknown-is-explicit)).
    ///
    /// A type is unknown because
    /// - the crate that defines it is not linked. A crate that is not mentioned registers nothing: write
    ///   `use that_crate as _;` once.
    /// - it was renamed without an alias (`#[event(aliases("…"))]`).
    /// - the manager was given a [`Registry::of`](crate::Registry::of) that does not list it.
    ///
    /// [`UnknownEvents`](crate::subscription::UnknownEvents) says what happens to such events.
    #[serde(serialize_with = "or_error")]
    pub unknown_types: Result<Vec<StoredType>, Arc<StoreError>>,
}

/// The lag of a subscription: how far it is behind the end of the log.
///
/// ```
/// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
/// # use eventsource::prelude::*;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let store = MemoryEventStore::new();
/// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
/// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
/// # manager.start().await?;
/// if let Ok(lag) = orders.inspect().await.lag {
///     println!("{} events, {:?}", lag.events, lag.time);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Lag {
    /// How many stored events the subscription has not passed, including events that it does not handle. Counting stops
    /// after [`Lag::MOST`]: a greater number means "more than that".
    pub events: u64,
    /// How long the first of these events has waited, at least; zero at the end of the log. Serialised as `seconds`.
    ///
    /// The real time is not known exactly, because the clock of the process that appended can be wrong. Two times are
    /// measured, and this is the longer one: the time since the earliest stored time among the first 100 of these
    /// events, and the time since this process first saw the log reach beyond the position.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub time: Duration,
}

impl Lag {
    /// The largest number of events that is counted: 10,000.
    pub const MOST: u64 = 10_000;

    /// Returns the lag over `backlog`, which this process has known for at least the time `known`.
    pub(in crate::subscription) fn of(backlog: Backlog, known: Duration) -> Self {
        if backlog.events == 0 {
            return Self::default();
        }
        let stored = backlog.oldest.map_or(Duration::ZERO, since);
        Self { events: backlog.events, time: stored.max(known) }
    }
}

/// For example `12 events and 3.5s`, or `over 10000 events and 60.0s`.
impl fmt::Display for Lag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and {:.1?}", counted(self.events, "event"), self.time)
    }
}

/// Returns the time since `time`, and zero for a time in the future (clocks differ).
fn since(time: DateTime<Utc>) -> Duration {
    (now() - time).to_std().unwrap_or_default()
}
