//! The handle of a rebuild.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::error::RebuildError;
use super::progress::ProgressSnapshot;
use super::rebuilds::{Outcome, Tracked};
use super::report::maybe_seconds;
use super::subscription_shared::SubscriptionShared;
use super::supervised::Operations;
use super::{ManagerError, StopReason, SubscriptionState};
use crate::event::Position;

/// The way in which a read model is rebuilt.
///
/// A *generation* is one set of the tables of a projection, with its checkpoint. The *present* one serves.
///
/// ```
/// use eventsource::subscription::RebuildKind;
///
/// assert_eq!(RebuildKind::SideBySide.to_string(), "side by side");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum RebuildKind {
    /// The read model is emptied, and the log is replayed into it.
    InPlace,
    /// A new generation of its tables is built, and replaces the present one when it is complete.
    SideBySide,
}

/// The progress of a rebuild. The numbers of events are `None` if the event store did not answer.
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
/// let rebuild = orders.rebuild().await?;
/// let progress = rebuild.progress().await;
/// println!("{progress}"); // in place: 4000 of 10000 events (40 %), 2000 a second, 3s left
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RebuildProgress {
    /// In place or side by side.
    pub kind: RebuildKind,
    /// The position that the rebuild has passed.
    pub position: Position,
    /// The end of the log when the rebuild began. The replay is complete when it has passed this position.
    pub target: Position,
    /// How many stored events the rebuild has passed.
    pub events_done: Option<u64>,
    /// How many stored events there are up to the target.
    pub events_total: Option<u64>,
    /// How many events a second the rebuild has passed since it began or continued in this process.
    pub rate: Option<f64>,
    /// How long the rest takes at that rate; `None` before the first events are passed, and without an answer of the
    /// event store. Serialised as `time_left_seconds`.
    #[serde(rename = "time_left_seconds", serialize_with = "maybe_seconds")]
    pub time_left: Option<Duration>,
}

/// A rebuild that has begun: await it, ask for its progress, or cancel it. Dropping this does not stop the rebuild.
///
/// Awaiting returns the position at which the rebuild was complete. It never hangs: it fails with
///
/// - [`RebuildError::Ended`] if the subscription ends first: its next start continues the rebuild.
/// - [`RebuildError::Cancelled`] and [`RebuildError::Replaced`] after a [`cancel`](Self::cancel), another rebuild or a
///   reset.
/// - [`RebuildError::Failed`] if the database refuses the switch of a side-by-side rebuild. The present read model
///   continues to serve, and the error says what to do.
/// - [`RebuildError::Manager`] in a handler of the subscription, which would wait for itself.
///
/// ```standalone_crate
/// # #[cfg(feature = "macros")]
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # use eventsource::prelude::*;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced { total: u64 }
/// # #[derive(Clone, Default)]
/// # struct Revenue(u64);
/// # #[projection]
/// # impl Revenue {
/// #     #[handles(OrderPlaced)]
/// #     fn placed(&mut self, event: &OrderPlaced) { self.0 += event.total }
/// # }
/// # let store = MemoryEventStore::new();
/// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # let revenue = manager.subscribe(Revenue::default(), SubscriptionConfig::from_beginning()).await?;
/// # let stream = StreamId::new("Order", uuid::Uuid::now_v7());
/// # store.append(&stream, ExpectedVersion::NoStream, vec![NewEvent::of(&OrderPlaced { total: 150 })?]).await?;
/// # manager.start().await?;
/// # revenue.caught_up().await?;
/// let rebuild = revenue.rebuild().await?;
/// let progress = rebuild.progress().await;
/// println!("{} of {}, {:?} to go", progress.position, progress.target, progress.time_left);
/// rebuild.await?;
/// assert_eq!(revenue.read().await.0, 150);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[must_use = "the rebuild continues without this handle; await it to learn how it ends"]
pub struct Rebuild {
    core: Arc<SubscriptionShared>,
    slot: Arc<dyn Operations>,
    tracked: Arc<Tracked>,
}

impl RebuildProgress {
    pub(super) const fn new(kind: RebuildKind, position: Position, target: Position) -> Self {
        Self { kind, position, target, events_done: None, events_total: None, rate: None, time_left: None }
    }
}

/// Returns whether this process does not continue a rebuild in this state.
const fn ends(state: &SubscriptionState) -> bool {
    !state.is_running() || matches!(state, SubscriptionState::Fenced { .. } | SubscriptionState::Outdated { .. })
}

impl Rebuild {
    pub(super) fn new(core: Arc<SubscriptionShared>, slot: Arc<dyn Operations>, tracked: Arc<Tracked>) -> Self {
        Self { core, slot, tracked }
    }

    /// Returns how far the rebuild is. Asks the event store for the numbers of events, which counts the log up to the
    /// target the first time, without a time limit. It never fails: without an answer the numbers are `None`.
    ///
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let manager =
    /// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// let rebuild = orders.rebuild().await?;
    /// println!("{}", rebuild.progress().await);
    /// let position = rebuild.await?;
    /// println!("complete at position {position}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn progress(&self) -> RebuildProgress {
        self.tracked.progress(&*self.core.store).await
    }

    /// Cancels a rebuild side by side, and halts a rebuild in place. Does nothing if the rebuild has ended.
    ///
    /// Side by side, the new tables are dropped, and the present generation is not changed. In place, the rows from
    /// before are gone already, so the rebuild cannot be taken back: the subscription stops
    /// ([`StopReason::RebuildCancelled`]), readers see a part of the rows, and the next start continues the rebuild. A
    /// [`reset`](super::SubscriptionHandle::reset) empties the read model instead.
    ///
    /// # Errors
    /// - [`ManagerError::NotSaved`] if the stop could not save the last checkpoint. The subscription has stopped.
    /// - [`ManagerError::NotRunning`] if the subscription runs in a state in which it cannot cancel a side-by-side
    ///   rebuild, for example paused: resume it and cancel again.
    /// - [`ManagerError::Store`] if the new tables could not be dropped: cancel again after the next start.
    /// - [`ManagerError::InsideHandler`] in a handler of the subscription, which would wait for itself.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::engine::{MemoryProjectionStates, ProjectionEngine};
    /// # use eventsource::prelude::*;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let store = MemoryEventStore::new();
    /// # let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), MemoryCheckpoints::new());
    /// # let orders = ProjectionEngine::new("orders", MemoryProjectionStates::new()).with_state(0_u64);
    /// # let orders = manager.subscribe(orders, SubscriptionConfig::from_beginning()).await?;
    /// # manager.start().await?;
    /// if let Some(rebuild) = orders.unfinished_rebuild() {
    ///     rebuild.cancel().await?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn cancel(&self) -> Result<(), ManagerError> {
        self.core.refuse_handler("cancel its rebuild")?;
        if self.tracked.is_unfinished() {
            self.slot.cancel_rebuild(&self.tracked).await?;
        }
        Ok(())
    }

    async fn run(self) -> Result<Position, RebuildError> {
        let subscription = self.core.name.clone();
        self.core.refuse_handler("wait for its rebuild").map_err(ManagerError::from)?;
        let (mut outcome, mut progress) = (self.tracked.listen(), self.core.progress.listen());
        loop {
            match outcome.borrow_and_update().clone() {
                Outcome::Done(position) => return Ok(position),
                Outcome::Cancelled => return Err(RebuildError::Cancelled { subscription }),
                Outcome::Replaced => return Err(RebuildError::Replaced { subscription }),
                Outcome::Failed(reason) => return Err(RebuildError::Failed { subscription, reason }),
                Outcome::Unfinished => {}
            }
            let ProgressSnapshot { state, position, .. } = progress.borrow_and_update().clone();
            match state {
                SubscriptionState::Stopped { reason: StopReason::RebuildCancelled } => {
                    return Err(RebuildError::Cancelled { subscription });
                }
                // The rebuild may have ended together with the subscription.
                state if ends(&state) && self.tracked.is_unfinished() => {
                    return Err(RebuildError::Ended { subscription, position, state });
                }
                _ => {}
            }
            // `self` keeps the senders alive.
            tokio::select! {
                _ = outcome.changed() => {}
                _ = progress.changed() => {}
            }
        }
    }
}

/// Waits until the rebuild is complete. Fails, and never hangs, if the subscription ends first.
impl IntoFuture for Rebuild {
    type Output = Result<Position, RebuildError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Rebuild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rebuild").field("subscription", &self.core.name).field("tracked", &self.tracked).finish()
    }
}

impl fmt::Display for RebuildKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InPlace => "in place",
            Self::SideBySide => "side by side",
        })
    }
}

/// For example `in place: 4000 of 10000 events (40 %), 2000 a second, 3s left`.
impl fmt::Display for RebuildProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.kind)?;
        match (self.events_done, self.events_total) {
            (Some(done), Some(total)) => {
                let percent = (done * 100).checked_div(total).unwrap_or(100);
                write!(f, "{done} of {total} events ({percent} %)")?;
            }
            _ => write!(f, "position {} of {}", self.position, self.target)?,
        }
        if let Some(rate) = self.rate {
            write!(f, ", {rate:.0} a second")?;
        }
        if let Some(left) = self.time_left {
            write!(f, ", {left:.0?} left")?;
        }
        Ok(())
    }
}
