//! Batches without a transaction. The effects of an event exist when its handler returns, so the checkpoint always moves
//! to the last event that succeeded.

use std::sync::Arc;

use super::{BatchOutcome, Delivery};
use crate::event::{Position, RecordedEvent};
use crate::projection::{CheckpointStore, LetterChange};
use crate::subscription::erased::Applied;
use crate::subscription::runner::letter_item::{Item, changes};
use crate::subscription::runner::{End, Runner};

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
    runner: &mut Runner<C>,
    events: &[Arc<RecordedEvent>],
    to: Position,
) -> (Option<Part>, BatchOutcome) {
    let sifted = runner.parked.sift(events);
    let mut unit = runner.checkpoints.detached();
    let applied = runner.subscriber.apply(&runner.core, &sifted.events, &mut unit).await;
    let (handled, passed, outcome) = match applied {
        Applied::All => (sifted.events.len(), events.len(), BatchOutcome::Applied),
        Applied::Failed { index, error, .. } => {
            let at = sifted.index(index);
            delivery.failed(runner, &error);
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
    let held = runner.parked.hold(&events[..passed], runner.high_water);
    // Before the checkpoint is saved: a stop in between must know what was applied.
    runner.position = to;
    runner.unreported = handled;
    (Some(Part { handled, to, held }), outcome)
}

/// Notes that the part is saved.
pub(super) fn arrive<C: CheckpointStore>(runner: &mut Runner<C>, to: Position, handled: usize) {
    runner.unreported = 0;
    runner.arrive(to, handled);
}

/// Applies the events of letters up to the first one that fails, and saves the changes of the letters of those that were
/// applied. `keeps` says whether they stay applied after a failure.
pub(super) async fn apply_letters<C: CheckpointStore>(
    delivery: &impl Delivery<C>,
    runner: &mut Runner<C>,
    items: &[Item],
    keeps: impl Fn(&Runner<C>) -> bool,
) -> Result<BatchOutcome, End> {
    let events: Vec<_> = items.iter().map(|item| Arc::clone(&item.event)).collect();
    let mut unit = runner.checkpoints.detached();
    let applied = runner.subscriber.apply(&runner.core, &events, &mut unit).await;
    let (applied, outcome) = match applied {
        Applied::All => (items.len(), BatchOutcome::Applied),
        Applied::Failed { index, error, .. } => {
            // Before anything is stored: an unknown state must not be.
            delivery.failed(runner, &error);
            let kept = keeps(runner);
            (if kept { index } else { 0 }, BatchOutcome::Failed { index, error, kept })
        }
        Applied::Outage { index, met } => (index, BatchOutcome::Outage { index, met, kept: true }),
    };
    if applied > 0 {
        delivery.save(runner, runner.position, changes(&items[..applied])).await?;
        runner.letters_applied(applied);
    }
    Ok(outcome)
}
