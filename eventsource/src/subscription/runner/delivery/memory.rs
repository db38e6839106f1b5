//! State in the subscriber's own fields. The checkpoint lives as long as the state: a new process replays the log.

use std::sync::Arc;

use async_trait::async_trait;

use super::{BatchOutcome, Delivery, RestartError, outside};
use crate::event::{Position, RecordedEvent};
use crate::projection::{CheckpointStore, CheckpointUpdate, HandlerError, LetterChange, LetterQuery, NoTruncateHook};
use crate::store::{LogId, LogMark};
use crate::subscription::RebuildError;
use crate::subscription::log::recognise::Recognised;
use crate::subscription::runner::claim::Claimed;
use crate::subscription::runner::letter_item::Item;
use crate::subscription::runner::parked::{Keeping, Parked};
use crate::subscription::runner::rebuild::NotBegun;
use crate::subscription::runner::resume::Resume;
use crate::subscription::runner::{Active, Context, End, Owner};
use crate::subscription::subscription_shared::SubscriptionShared;

pub(super) struct Memory;

#[async_trait]
impl<C: CheckpointStore> Delivery<C> for Memory {
    async fn claim(&self, context: &mut Context<C>, _: Option<LogId>, resume: &Resume) -> Result<Claimed, End> {
        let (core, start) = (Arc::clone(&context.core), context.start);
        let remembered = core.in_memory.remembered(start);
        if core.in_memory.is_new() && context.checkpoints.is_durable() {
            tracing::info!(
                subscription = core.name,
                %start,
                "a memory projection does not outlive its process: it replays the log from its start"
            );
        }
        let (position, furthest) = core.in_memory.claim(start);
        let mut active = Active::new(position, &core);
        active.high_water = furthest;
        if let Some(empty) = &resume.empty {
            active.replay = context.replay_in_place(position, Some(empty.target()));
        }
        Ok(Claimed::Owned(Box::new(active), remembered))
    }

    async fn load(&self, owner: &mut Owner<'_, C>) -> Result<(), End> {
        let letters = owner.context.core.in_memory.letters(LetterQuery::all().limit(usize::MAX));
        owner.active.parked = Parked::all(letters, Keeping::InMemory);
        owner.tell_letters();
        Ok(())
    }

    fn recognised(&self, core: &SubscriptionShared, found: Recognised) {
        core.in_memory.recognised(found);
    }

    async fn apply(
        &self,
        owner: &mut Owner<'_, C>,
        events: &[Arc<RecordedEvent>],
        to: Position,
    ) -> Result<BatchOutcome, End> {
        let (part, outcome) = outside::apply(self, owner, events, to).await;
        if let Some(part) = part {
            note_letters(owner, &part.held);
            outside::arrive(owner, part.to, part.handled);
        }
        Ok(outcome)
    }

    async fn apply_letters(&self, owner: &mut Owner<'_, C>, items: &[Item]) -> Result<BatchOutcome, End> {
        outside::apply_letters(self, owner, items, |_| true).await
    }

    fn arrived(&self, core: &SubscriptionShared, position: Position, mark: Option<LogMark>) {
        core.in_memory.move_to(position);
        core.in_memory.mark(mark);
    }

    async fn save(&self, owner: &mut Owner<'_, C>, _: Position, letters: Vec<LetterChange>) -> Result<(), End> {
        note_letters(owner, &letters);
        Ok(())
    }

    fn failed(&self, core: &SubscriptionShared, error: &HandlerError) {
        cut_off(core, error);
    }

    async fn restart(&self, owner: &mut Owner<'_, C>) -> Result<(), RestartError> {
        Ok(replay(owner).await?)
    }

    fn has_unsaved(&self, _: &Active) -> bool {
        false
    }

    async fn last_step(&self, _: &mut Owner<'_, C>) -> Option<CheckpointUpdate> {
        None
    }

    async fn rebuild(&self, owner: &mut Owner<'_, C>) -> Result<Position, NotBegun> {
        let target = owner.context.head().await?;
        empty(owner.context).await?;
        owner.context.core.in_memory.reset();
        Ok(target)
    }
}

/// Marks the state as unknown if the handler was cut off.
pub(super) fn cut_off(core: &SubscriptionShared, error: &HandlerError) {
    if error.is_cut_off() {
        core.in_memory.interrupt();
    }
}

/// Notes changes of the dead letters.
pub(super) fn note_letters<C: CheckpointStore>(owner: &mut Owner<'_, C>, changes: &[LetterChange]) {
    // Before the number of letters changes: a wait that sees the number reads the letters.
    owner.context.core.in_memory.change_letters(changes);
    owner.change_letters(changes);
}

/// Empties the state, and goes back to the start of the subscription.
pub(super) async fn replay<C: CheckpointStore>(owner: &mut Owner<'_, C>) -> Result<(), HandlerError> {
    let mut unit = owner.context.checkpoints.detached();
    owner.context.subscriber.restart_empty(&mut unit).await?;
    owner.context.core.in_memory.restart_empty();
    owner.context.core.in_memory.claim(owner.context.start);
    owner.active.position = owner.context.start;
    Ok(())
}

/// Empties the state. It counts as unknown until the checkpoint is reset too.
pub(super) async fn empty<C: CheckpointStore>(context: &mut Context<C>) -> Result<(), RebuildError> {
    let core = Arc::clone(&context.core);
    let mut unit = context.checkpoints.detached();
    let was_unknown = core.in_memory.is_poisoned();
    core.in_memory.poison();
    let Err(error) = context.subscriber.restart_empty(&mut unit).await else { return Ok(()) };
    if error.is_caused_by::<NoTruncateHook>() && !was_unknown {
        core.in_memory.recover();
    }
    Err(context.not_emptied(error))
}
