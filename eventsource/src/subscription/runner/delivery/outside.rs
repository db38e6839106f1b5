//! Batches without a transaction. The effects of an event exist when its handler returns, so the checkpoint always moves
//! to the last event that succeeded.

use std::sync::Arc;

use super::{BatchOutcome, Delivery};
use crate::event::{Position, RecordedEvent};
use crate::projection::{CheckpointStore, Delivered, LetterChange};
use crate::subscription::erased::Applied;
use crate::subscription::runner::letter_item::{Item, changes};
use crate::subscription::runner::{End, Owner};

/// The part of a batch that was applied.
pub(super) struct Part {
    /// How many events were given to handlers and applied.
    pub(super) handled: usize,
    /// The position after the last event that was passed.
    pub(super) to: Position,
    /// How many events wait behind dead letters now.
    pub(super) held: Vec<LetterChange>,
}

/// Applies `events` up to the first one that fails. Returns the part that was applied, if there is one, and how the
/// batch ended. The runner's position is at the end of the part.
pub(super) async fn apply<C: CheckpointStore>(
    delivery: &impl Delivery<C>,
    owner: &mut Owner<'_, C>,
    events: &[Arc<RecordedEvent>],
    to: Position,
) -> (Option<Part>, BatchOutcome) {
    let sifted = owner.active.parked.sift(events);
    let mut unit = owner.context.checkpoints.detached();
    let applied = owner.call_handlers(&sifted.events, Delivered::Log, &mut unit).await;
    let (handled, passed, outcome) = match applied {
        Applied::All => (sifted.events.len(), events.len(), BatchOutcome::Applied),
        Applied::Failed { index, error, .. } => {
            let at = sifted.index(index);
            delivery.failed(&owner.context.core, &error);
            (index, at, BatchOutcome::Failed { index: at, error, kept: true })
        }
        Applied::Outage { index, met } => {
            let at = sifted.index(index);
            (index, at, BatchOutcome::Outage { index: at, met, kept: true })
        }
    };
    if passed == 0 {
        return (None, outcome);
    }
    let to = if passed == events.len() { to } else { events[passed - 1].position() };
    let held = owner.active.parked.hold(&events[..passed], owner.active.high_water);
    // Before the checkpoint is saved: a stop in between must know what was applied.
    owner.active.position = to;
    owner.active.unreported = handled;
    (Some(Part { handled, to, held }), outcome)
}

/// Notes that the part is saved.
pub(super) fn arrive<C: CheckpointStore>(owner: &mut Owner<'_, C>, to: Position, handled: usize) {
    owner.active.unreported = 0;
    owner.arrive(to, handled);
}

/// Applies the events of letters up to the first one that fails, and saves the changes of the letters of those that were
/// applied. `keeps` says whether they stay applied after a failure.
pub(super) async fn apply_letters<C: CheckpointStore>(
    delivery: &impl Delivery<C>,
    owner: &mut Owner<'_, C>,
    items: &[Item],
    keeps: impl Fn(&Owner<'_, C>) -> bool,
) -> Result<BatchOutcome, End> {
    let events: Vec<_> = items.iter().map(|item| Arc::clone(&item.event)).collect();
    let mut unit = owner.context.checkpoints.detached();
    let applied = owner.call_handlers(&events, Delivered::Letters, &mut unit).await;
    let (applied, outcome) = match applied {
        Applied::All => (items.len(), BatchOutcome::Applied),
        Applied::Failed { index, error, .. } => {
            // Before anything is stored: an unknown state must not be.
            delivery.failed(&owner.context.core, &error);
            let kept = keeps(owner);
            (if kept { index } else { 0 }, BatchOutcome::Failed { index, error, kept })
        }
        Applied::Outage { index, met } => (index, BatchOutcome::Outage { index, met, kept: true }),
    };
    if applied > 0 {
        delivery.save(owner, owner.active.position, changes(&items[..applied])).await?;
        owner.letters_applied(applied);
    }
    Ok(outcome)
}
