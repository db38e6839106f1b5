//! What differs between the kinds of projection: how the checkpoint is claimed, how a batch is applied and saved, how
//! the state begins again after a handler was cut off, and what a stop saves.
//!
//! A kind is one implementation of [`Delivery`]. The rest of the runner asks for [`KindFacts`] and never for the kind.
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

use super::commit::Undone;
use super::letter_item::Item;
use super::{End, Runner};
use crate::event::{Position, RecordedEvent};
use crate::projection::{CheckpointStore, CheckpointUpdate, HandlerError, LetterChange, ProjectionKind};
use crate::store::LogMark;
use crate::subscription::RebuildError;
use crate::subscription::erased::Met;
use crate::subscription::rebuilds::Tracked;
use crate::subscription::recognise::Recognised;

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

/// How one kind of projection gets its events.
#[async_trait]
pub(super) trait Delivery<C: CheckpointStore>: Send + Sync {
    /// Claims the checkpoint. Without one, starts at `start`.
    async fn claim(&self, runner: &mut Runner<C>, start: Position) -> Result<(), End> {
        runner.claim_stored(start).await
    }

    /// Loads the dead letters after the stored checkpoint was claimed, and the state, if it is stored.
    async fn load(&self, runner: &mut Runner<C>) -> Result<(), End> {
        runner.load_letters().await
    }

    /// Notes that the log was recognised.
    fn recognised(&self, _: &Runner<C>, _: Recognised) {}

    /// Follows the owner, as a standby.
    async fn follow(&self, runner: &mut Runner<C>) -> Result<(), End> {
        runner.follow_checkpoint().await
    }

    /// Applies `events`, which is not empty, and moves to `to`.
    async fn apply(
        &self,
        runner: &mut Runner<C>,
        events: &[Arc<RecordedEvent>],
        to: Position,
    ) -> Result<BatchOutcome, End>;

    /// Applies the events of letters, together with the changes of their letters. In a failure, an index is the number
    /// of events that stay applied before, if they do.
    async fn apply_letters(&self, runner: &mut Runner<C>, items: &[Item]) -> Result<BatchOutcome, End>;

    /// Notes that the runner has arrived at its position. `mark` is the last event of the log that it knows.
    fn arrived(&self, _: &Runner<C>, _: Option<LogMark>) {}

    /// Whether a handler that has failed is called again without the request of an operator.
    fn retries(&self) -> bool {
        true
    }

    /// Moves the checkpoint to `to`, outside the transaction of a batch, with changes of dead letters.
    async fn save(&self, runner: &mut Runner<C>, to: Position, letters: Vec<LetterChange>) -> Result<(), End> {
        let step = runner.step(to, letters);
        runner.take(step).await
    }

    /// Notes that a handler failed with `error`, before anything is stored.
    fn failed(&self, _: &Runner<C>, _: &HandlerError) {}

    /// Begins the state of a memory projection again after a handler was cut off. The log is replayed from the runner's
    /// position after that. Fails if that is impossible.
    async fn restart(&self, _: &mut Runner<C>) -> Result<Result<(), HandlerError>, End> {
        Ok(Ok(()))
    }

    /// Whether the stored checkpoint is behind the position.
    fn has_unsaved(&self, runner: &Runner<C>) -> bool {
        runner.saved < runner.position
    }

    /// Returns the step that a stop saves, if there is one.
    async fn last_step(&self, runner: &mut Runner<C>) -> Option<CheckpointUpdate> {
        self.has_unsaved(runner).then(|| runner.step(runner.position, Vec::new()))
    }

    /// Begins a rebuild in place.
    async fn rebuild(&self, runner: &mut Runner<C>) -> Result<Result<Arc<Tracked>, RebuildError>, End> {
        runner.rebuild_stored().await
    }

    /// Empties the state in memory, before the checkpoint is cleared for a rebuild.
    async fn empty(&self, _: &mut Runner<C>) -> Result<(), RebuildError> {
        Ok(())
    }

    /// Notes that the checkpoint is cleared for a rebuild.
    fn emptied(&self, _: &mut Runner<C>) {}
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
