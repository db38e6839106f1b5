//! What differs between the kinds of projection: how the checkpoint is claimed, how a batch is applied and saved, how
//! the state begins again after a handler was cut off, and what a stop saves.
//!
//! A kind is one implementation of [`Delivery`]. The rest of the owner asks for [`KindFacts`] and never for the kind.
//!
//! [`KindFacts`]: crate::projection::KindFacts

mod at_most_once;
mod durable_memory;
mod effects;
mod memory;
mod outside;
mod transactional;

pub(super) use self::durable_memory::Unstored;

use std::sync::Arc;

use async_trait::async_trait;

use super::claim::Claimed;
use super::commit::Undone;
use super::letter_item::Item;
use super::rebuild::NotBegun;
use super::resume::Resume;
use super::{Active, Context, End, Owner};
use crate::event::{Position, RecordedEvent};
use crate::projection::{CheckpointStore, CheckpointUpdate, HandlerError, LetterChange, ProjectionKind};
use crate::store::{LogId, LogMark};
use crate::subscription::RebuildError;
use crate::subscription::erased::Met;
use crate::subscription::log::recognise::Recognised;
use crate::subscription::subscription_shared::SubscriptionShared;

/// How a batch ended, if the subscription continues.
pub(super) enum BatchOutcome {
    Applied,
    /// Rolled back because of an outage.
    Undone(Undone),
    /// Rolled back: its events must be applied one by one, for this reason.
    OneByOne(String),
    /// Rolled back: a change of one of its events was refused when it was written. It must be applied again in parts.
    InParts,
    /// Rolled back: the event at `index` failed, perhaps because of an earlier event. It must run alone.
    InCompany {
        index: usize,
        error: HandlerError,
    },
    /// The event at `index` failed. The events before it stay applied if `kept`, and were rolled back otherwise.
    Failed {
        index: usize,
        error: HandlerError,
        kept: bool,
    },
    /// The event at `index` met an outage, which does not count as a failure. `kept` as above.
    Outage {
        index: usize,
        met: Met,
        kept: bool,
    },
}

/// Why the state of a memory projection did not begin again.
pub(super) enum RestartError {
    /// The runner ends.
    Ended(End),
    /// The log cannot be replayed.
    Impossible(HandlerError),
}

impl From<End> for RestartError {
    fn from(end: End) -> Self {
        Self::Ended(end)
    }
}

impl From<HandlerError> for RestartError {
    fn from(error: HandlerError) -> Self {
        Self::Impossible(error)
    }
}

/// How one kind of projection gets its events.
#[async_trait]
pub(super) trait Delivery<C: CheckpointStore>: Send + Sync {
    /// Claims the checkpoint of the log with the id `log`, which is asked for if it is not known. Without a checkpoint,
    /// starts at the start of the subscription.
    async fn claim(&self, context: &mut Context<C>, log: Option<LogId>, _: &Resume) -> Result<Claimed, End> {
        context.claim_stored(log).await
    }

    /// Loads the dead letters after the checkpoint was claimed, and the state, if it is stored.
    async fn load(&self, owner: &mut Owner<'_, C>) -> Result<(), End> {
        owner.context.settle_tables().await?;
        owner.load_letters().await
    }

    /// Notes that the log was recognised.
    fn recognised(&self, _: &SubscriptionShared, _: Recognised) {}

    /// Follows the owner, as a standby.
    async fn follow(&self, context: &mut Context<C>) -> Result<(), End> {
        context.follow_checkpoint().await
    }

    /// Applies `events`, which is not empty, and moves to `to`.
    async fn apply(
        &self,
        owner: &mut Owner<'_, C>,
        events: &[Arc<RecordedEvent>],
        to: Position,
    ) -> Result<BatchOutcome, End>;

    /// Applies the events of letters, together with the changes of their letters. In a failure, an index is the number
    /// of events that stay applied before, if they do.
    async fn apply_letters(&self, owner: &mut Owner<'_, C>, items: &[Item]) -> Result<BatchOutcome, End>;

    /// Notes that the runner has arrived at `position`. `mark` is the last event of the log that it knows.
    fn arrived(&self, _: &SubscriptionShared, _position: Position, _mark: Option<LogMark>) {}

    /// Whether a handler that has failed is called again without the request of an operator.
    fn retries(&self) -> bool {
        true
    }

    /// Moves the checkpoint to `to`, outside the transaction of a batch, with changes of dead letters.
    async fn save(&self, owner: &mut Owner<'_, C>, to: Position, letters: Vec<LetterChange>) -> Result<(), End> {
        let step = owner.step(to, letters);
        owner.take(step).await
    }

    /// Called before stored letters are read for a request or a retry, outside a replay.
    async fn before_letters(&self, _: &mut Owner<'_, C>) -> Result<(), End> {
        Ok(())
    }

    /// Notes that a handler failed with `error`, before anything is stored.
    fn failed(&self, _: &SubscriptionShared, _: &HandlerError) {}

    /// Begins the state of a memory projection again after a handler was cut off. The log is replayed from the owner's
    /// position after that.
    async fn restart(&self, _: &mut Owner<'_, C>) -> Result<(), RestartError> {
        Ok(())
    }

    /// Whether the stored checkpoint is behind the position.
    fn has_unsaved(&self, active: &Active) -> bool {
        active.saved < active.position
    }

    /// Returns the step that a stop saves, if there is one.
    async fn last_step(&self, owner: &mut Owner<'_, C>) -> Option<CheckpointUpdate> {
        self.has_unsaved(owner.active).then(|| owner.step(owner.active.position, Vec::new()))
    }

    /// Empties the read model for a rebuild in place. Returns the position up to which the log is replayed after the
    /// next claim.
    async fn rebuild(&self, owner: &mut Owner<'_, C>) -> Result<Position, NotBegun> {
        owner.rebuild_stored().await
    }

    /// Empties the state in memory, before the checkpoint is cleared for a rebuild.
    async fn empty(&self, _: &mut Context<C>) -> Result<(), RebuildError> {
        Ok(())
    }

    /// Notes that the checkpoint is cleared for a rebuild.
    fn emptied(&self, _: &SubscriptionShared) {}
}

/// Returns the delivery of a kind.
pub(super) fn of<C: CheckpointStore>(kind: ProjectionKind) -> &'static dyn Delivery<C> {
    match kind {
        ProjectionKind::Transactional => &transactional::Transactional,
        ProjectionKind::Memory => &memory::Memory,
        ProjectionKind::DurableMemory => &durable_memory::DurableMemory,
        ProjectionKind::Effects => &effects::Effects,
        ProjectionKind::EffectsAtMostOnce => &at_most_once::AtMostOnce,
    }
}
