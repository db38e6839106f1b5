//! A rebuild, for whoever asked for it: wait for it, look how far it is, cancel it.

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

/// How a read model is rebuilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum RebuildKind {
    /// It is emptied, and the log is replayed into it.
    InPlace,
    /// A new generation of its tables is built beside it, and takes its place when it is done.
    SideBySide,
}

/// How far a rebuild is. Its position and target are always known; the numbers of events as far as the log could be asked.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RebuildProgress {
    /// How it is done.
    pub kind: RebuildKind,
    /// Every event up to here is applied or passed over.
    pub position: Position,
    /// Where the log ended when it began: it is done when it has been there.
    pub target: Position,
    /// How many stored events it has passed.
    pub events_done: Option<u64>,
    /// How many stored events there are up to its target.
    pub events_total: Option<u64>,
    /// How many events a second it has passed since it began, or went on, in this process.
    pub rate: Option<f64>,
    /// How long it takes from now on, at that rate. Serialised as `time_left_seconds`.
    #[serde(rename = "time_left_seconds", serialize_with = "maybe_seconds")]
    pub time_left: Option<Duration>,
}

/// A rebuild that was begun. It goes on without this handle.
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
#[must_use = "the rebuild goes on by itself; wait for it to learn how it ends"]
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

/// Whether nothing more of a rebuild is done in this process, as far as the state tells.
const fn ends(state: &SubscriptionState) -> bool {
    !state.is_running() || matches!(state, SubscriptionState::Fenced { .. } | SubscriptionState::Outdated { .. })
}

impl Rebuild {
    pub(super) fn new(core: Arc<SubscriptionShared>, slot: Arc<dyn Operations>, tracked: Arc<Tracked>) -> Self {
        Self { core, slot, tracked }
    }

    /// How far it is.
    pub async fn progress(&self) -> RebuildProgress {
        self.tracked.progress(&*self.core.store).await
    }

    /// Gives it up. Where it is done in place, the read model is half-built: the subscription stops
    /// ([`StopReason::RebuildCancelled`]), and its next start goes on with the rebuild. Side by side, what was built of
    /// the next generation is dropped, and the one that serves is not touched. A rebuild that has ended stays as it is.
    ///
    /// # Errors
    /// [`ManagerError::NotSaved`], where the stop could not save the last checkpoint; [`ManagerError::InsideHandler`] in
    /// a handler of the subscription, which would wait for itself.
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
                // It may have ended together with the subscription.
                state if ends(&state) && self.tracked.is_unfinished() => {
                    return Err(RebuildError::Ended { subscription, position, state });
                }
                _ => {}
            }
            // The senders live in what `self` holds.
            tokio::select! {
                _ = outcome.changed() => {}
                _ = progress.changed() => {}
            }
        }
    }
}

/// Waits until it is done. It ends with an error, and never hangs, when the subscription ends before.
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

/// Such as `in place: 4000 of 10000 events (40 %), 2000 a second, 3s left`.
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
