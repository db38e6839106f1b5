//! The handle of a subscription: read the projection, wait for it, ask for its status, reset it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::erased::SharedSubscriber;
use super::subscription_shared::SubscriptionShared;
use super::supervised::Operations;
use super::wait::Target;
use super::{DeadLetters, Rebuild, RebuildError, RebuildKind, ResetError, SubscriptionStatus, Wait};
use crate::event::Position;

/// The handle of a subscription: reads the projection, waits for it, asks for its status, resets it.
pub struct SubscriptionHandle<P> {
    core: Arc<SubscriptionShared>,
    subscriber: Arc<SharedSubscriber<P>>,
    slot: Arc<dyn Operations>,
}

/// A projection as it was between two batches. It never changes; a later [`SubscriptionHandle::read`] gives a later one.
pub struct View<P>(Arc<P>);

impl<P> SubscriptionHandle<P> {
    pub(super) fn new(
        core: Arc<SubscriptionShared>,
        subscriber: Arc<SharedSubscriber<P>>,
        slot: Arc<dyn Operations>,
    ) -> Self {
        Self { core, subscriber, slot }
    }

    /// The name of the subscription.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.core.name
    }

    /// The projection as it is between two batches: it waits for a running batch to end, and stops nobody while it
    /// is held.
    ///
    /// On a standby a durable memory projection is in the state that its owner stored last: see
    /// [`SubscriptionConfig::snapshot_every`](super::SubscriptionConfig::snapshot_every).
    ///
    /// A handler that reads its own projection would wait for itself, and fails instead; it has `self`.
    pub async fn read(&self) -> View<P>
    where
        P: Clone,
    {
        View(self.subscriber.view().await)
    }

    /// What `look` makes of the projection as it is between two batches. The next batch waits for `look`, so that it
    /// is to be short; [`read`](Self::read) has no such cost where the projection is `Clone`.
    pub async fn with<T>(&self, look: impl FnOnce(&P) -> T) -> T {
        self.subscriber.with(look).await
    }

    /// Waits until the subscription has passed the head that the log has at the time of the call, and has looked whether
    /// there is more. An event that was given up counts as passed.
    ///
    /// On a standby it waits for the checkpoint that the owner stores, as [`wait_for`](Self::wait_for) does.
    pub fn caught_up(&self) -> Wait {
        Wait::new(Arc::clone(&self.core), Arc::clone(&self.slot), Target::Head)
    }

    /// Waits until the subscription has applied the event at `position`, and all before it: read your own write with
    /// the position that a save answered.
    ///
    /// Where the event is a dead letter, or is parked behind an earlier one of its stream, the wait ends with
    /// [`WaitError::Held`](super::WaitError::Held). An event that was dismissed, or skipped by policy, is passed, and so is
    /// one that the projection does not handle.
    ///
    /// On a standby it waits for the checkpoint that the owner stores. Without a deadline ([`Wait::within`]) it goes on
    /// until somebody has taken over from an owner that died. A durable memory projection is current in its owner's
    /// process only: on a standby the wait ends with [`WaitError::Standby`](super::WaitError::Standby), unless the state
    /// that the owner stored last has passed the position.
    pub fn wait_for(&self, position: Position) -> Wait {
        Wait::new(Arc::clone(&self.core), Arc::clone(&self.slot), Target::Applied(position))
    }

    /// Waits until the subscription has passed `position`, as [`wait_for`](Self::wait_for), but also where it could not
    /// apply the event there: the event is a dead letter, or is parked behind one.
    pub fn wait_for_passed(&self, position: Position) -> Wait {
        Wait::new(Arc::clone(&self.core), Arc::clone(&self.slot), Target::Passed(position))
    }

    /// What the subscription tells of itself. On a standby the position, the lag and the dead letters are those that the
    /// owner has stored.
    pub async fn status(&self) -> SubscriptionStatus {
        self.slot.status().await
    }

    /// The events that it could not apply: list, retry or dismiss them.
    #[must_use]
    pub fn dead_letters(&self) -> DeadLetters {
        DeadLetters::new(Arc::clone(&self.core), Arc::clone(&self.slot))
    }

    /// Runs the projection's truncate hook and clears the checkpoint, in one unit of work ([rebuilds lose nothing](crate::guarantees#rebuilds-lose-nothing)): the next start
    /// begins where [`SubscriptionConfig`](super::SubscriptionConfig) says.
    ///
    /// # Errors
    /// [`ResetError`]; nothing was changed. It is refused while the subscription runs, and where there is no hook.
    pub async fn reset(&self) -> Result<(), ResetError> {
        self.slot.reset().await
    }

    /// Builds the read model anew, in place: empties it and clears the checkpoint, in one unit of work, and replays the
    /// log. A subscription that does not run is started. Returns when the replay has begun; await what is returned to
    /// wait until it has come to where the log ended then.
    ///
    /// A rebuild that a stop or a crash interrupts goes on at the next start. Dead letters are forgotten; their events
    /// are tried again. Who reads a stored read model meanwhile sees it grow.
    ///
    /// # Errors
    /// [`RebuildError`]; nothing was changed.
    pub async fn rebuild(&self) -> Result<Rebuild, RebuildError> {
        self.begin_rebuild(RebuildKind::InPlace).await
    }

    /// Builds the read models that the projection declares anew, beside those that serve: in tables of their own, under a
    /// checkpoint of their own. Those that serve stay current meanwhile; then the new ones take their place, in one
    /// transaction, and the subscription goes on with them. A subscription that does not run is started. Where such a
    /// rebuild is under way, that one is returned.
    ///
    /// Whoever reads finds all of the one generation or all of the other, also after a crash at any moment; an unfinished
    /// rebuild goes on at the next start. The tables are made as their models describe them. Indexes, triggers and grants
    /// that users added are made again by the switch; what cannot be is listed in the log, as a warning. The
    /// [guide](crate::guide::deployment) says what is made again on which database.
    ///
    /// # Errors
    /// [`RebuildError`]: the projection declares no read models, the checkpoint store keeps no generations of them, as
    /// the one in memory, or something depends on a table, such as a view, which the error names. The rebuild itself ends
    /// with [`RebuildError::Failed`] where the database refuses the switch; the generation before serves on.
    pub async fn rebuild_side_by_side(&self) -> Result<Rebuild, RebuildError> {
        self.begin_rebuild(RebuildKind::SideBySide).await
    }

    /// The rebuild that is not finished, whoever asked for it.
    #[must_use]
    pub fn unfinished_rebuild(&self) -> Option<Rebuild> {
        let tracked = self.core.rebuilds.unfinished()?;
        Some(Rebuild::new(Arc::clone(&self.core), Arc::clone(&self.slot), tracked))
    }

    async fn begin_rebuild(&self, kind: RebuildKind) -> Result<Rebuild, RebuildError> {
        let tracked = self.slot.rebuild(kind).await?;
        Ok(Rebuild::new(Arc::clone(&self.core), Arc::clone(&self.slot), tracked))
    }
}

impl<P> Clone for SubscriptionHandle<P> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core), subscriber: Arc::clone(&self.subscriber), slot: Arc::clone(&self.slot) }
    }
}

impl<P> fmt::Debug for SubscriptionHandle<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionHandle").field("core", &self.core).finish_non_exhaustive()
    }
}

impl<P> Deref for View<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.0
    }
}

impl<P: fmt::Debug> fmt::Debug for View<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
