//! The handle of a rebuild.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;

use crate::event::Position;
use crate::subscription::RebuildProgress;
use crate::subscription::error::RebuildError;
use crate::subscription::handle::subscription_control::SubscriptionControl;
use crate::subscription::rebuild::tracked::{Outcome, Tracked};
use crate::subscription::state::progress::ProgressSnapshot;
use crate::subscription::subscription_shared::SubscriptionShared;
use crate::subscription::{ManagerError, StopReason, SubscriptionState};

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
    slot: Arc<dyn SubscriptionControl>,
    tracked: Arc<Tracked>,
}

/// Returns whether this process does not continue a rebuild in this state.
const fn ends(state: &SubscriptionState) -> bool {
    !state.is_running() || matches!(state, SubscriptionState::Fenced { .. } | SubscriptionState::Outdated { .. })
}

impl Rebuild {
    pub(in crate::subscription) fn new(
        core: Arc<SubscriptionShared>,
        slot: Arc<dyn SubscriptionControl>,
        tracked: Arc<Tracked>,
    ) -> Self {
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
    /// [`reset`](crate::subscription::SubscriptionHandle::reset) empties the read model instead.
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

    /// Lets the next generation serve as soon as it has reached the end of the log: removes the hold of
    /// [`rebuild_and_hold`](crate::subscription::SubscriptionHandle::rebuild_and_hold). Its builder sees that within a
    /// second, also in another process. Await the rebuild to wait for the switch. Does nothing without a hold.
    ///
    /// # Errors
    /// [`ManagerError::Store`] if the checkpoint store fails: call it again.
    pub async fn switch(&self) -> Result<(), ManagerError> {
        self.slot.release_next().await.map(drop)
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
