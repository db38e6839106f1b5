//! State in the subscriber's own fields. The checkpoint lives as long as the state: a new process replays the log.

use std::sync::Arc;

use async_trait::async_trait;

use super::{BatchOutcome, Delivery, outside};
use crate::event::{Position, RecordedEvent};
use crate::projection::{CheckpointStore, CheckpointUpdate, HandlerError, LetterChange, LetterQuery, NoTruncateHook};
use crate::store::LogMark;
use crate::subscription::RebuildError;
use crate::subscription::rebuilds::Tracked;
use crate::subscription::recognise::Recognised;
use crate::subscription::runner::letter_item::Item;
use crate::subscription::runner::parked::Parked;
use crate::subscription::runner::{End, Runner};

pub(super) struct Memory;

#[async_trait]
impl<C: CheckpointStore> Delivery<C> for Memory {
    async fn claim(&self, runner: &mut Runner<C>, start: Position) -> Result<(), End> {
        let in_memory = &runner.core.in_memory;
        let remembered = in_memory.remembered(start);
        if in_memory.is_new() && runner.checkpoints.is_durable() {
            tracing::info!(
                subscription = runner.core.name,
                %start,
                "a memory projection does not outlive its process: it replays the log from its start"
            );
        }
        let (position, furthest) = in_memory.claim(start);
        runner.parked = Parked::all(in_memory.letters(LetterQuery::all().limit(usize::MAX)), true);
        runner.begin_at(position);
        runner.high_water = furthest;
        runner.tell_letters();
        runner.recognise(remembered).await
    }

    fn recognised(&self, runner: &Runner<C>, found: Recognised) {
        runner.core.in_memory.recognised(found);
    }

    async fn apply(
        &self,
        runner: &mut Runner<C>,
        events: &[Arc<RecordedEvent>],
        to: Position,
    ) -> Result<BatchOutcome, End> {
        let (part, outcome) = outside::apply(self, runner, events, to).await;
        if let Some(part) = part {
            note_letters(runner, &part.held);
            outside::arrive(runner, part.to, part.handled);
        }
        Ok(outcome)
    }

    async fn apply_letters(&self, runner: &mut Runner<C>, items: &[Item]) -> Result<BatchOutcome, End> {
        outside::apply_letters(self, runner, items, |_| true).await
    }

    fn arrived(&self, runner: &Runner<C>, mark: Option<LogMark>) {
        runner.core.in_memory.move_to(runner.position);
        runner.core.in_memory.mark(mark);
    }

    async fn save(&self, runner: &mut Runner<C>, _: Position, letters: Vec<LetterChange>) -> Result<(), End> {
        note_letters(runner, &letters);
        Ok(())
    }

    fn failed(&self, runner: &Runner<C>, error: &HandlerError) {
        cut_off(runner, error);
    }

    async fn restart(&self, runner: &mut Runner<C>) -> Result<Result<(), HandlerError>, End> {
        Ok(replay(runner).await)
    }

    fn has_unsaved(&self, _: &Runner<C>) -> bool {
        false
    }

    async fn last_step(&self, _: &mut Runner<C>) -> Option<CheckpointUpdate> {
        None
    }

    async fn rebuild(&self, runner: &mut Runner<C>) -> Result<Result<Arc<Tracked>, RebuildError>, End> {
        let target = runner.head().await?;
        if let Err(error) = empty(runner).await {
            return Ok(Err(error));
        }
        runner.core.in_memory.reset();
        self.claim(runner, runner.start).await?;
        runner.cut_off = None;
        runner.fall_behind();
        Ok(Ok(runner.begin_replay(target)))
    }
}

/// Marks the state as unknown if the handler was cut off.
pub(super) fn cut_off<C: CheckpointStore>(runner: &Runner<C>, error: &HandlerError) {
    if error.is_cut_off() {
        runner.core.in_memory.interrupt();
    }
}

/// Notes changes of the dead letters.
pub(super) fn note_letters<C: CheckpointStore>(runner: &mut Runner<C>, changes: &[LetterChange]) {
    // Before the number of letters changes: a wait that sees the number reads the letters.
    runner.core.in_memory.change_letters(changes);
    runner.change_letters(changes);
}

/// Empties the state, and goes back to the start of the subscription.
pub(super) async fn replay<C: CheckpointStore>(runner: &mut Runner<C>) -> Result<(), HandlerError> {
    let mut unit = runner.checkpoints.detached();
    runner.subscriber.restart_empty(&mut unit).await?;
    runner.core.in_memory.restart_empty();
    runner.core.in_memory.claim(runner.start);
    runner.position = runner.start;
    Ok(())
}

/// Empties the state. It counts as unknown until the checkpoint is reset too.
pub(super) async fn empty<C: CheckpointStore>(runner: &mut Runner<C>) -> Result<(), RebuildError> {
    let core = Arc::clone(&runner.core);
    let mut unit = runner.checkpoints.detached();
    let was_unknown = core.in_memory.is_poisoned();
    core.in_memory.poison();
    let Err(error) = runner.subscriber.restart_empty(&mut unit).await else { return Ok(()) };
    if error.is_caused_by::<NoTruncateHook>() && !was_unknown {
        core.in_memory.recover();
    }
    Err(runner.not_emptied(error))
}
