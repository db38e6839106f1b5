//! State in the subscriber's own fields, stored with the checkpoint after a number of events and at a stop.

use std::sync::Arc;

use async_trait::async_trait;

use super::memory::{cut_off, empty, note_letters, replay};
use super::{BatchOutcome, Delivery, RestartError, outside};
use crate::causes::with_causes;
use crate::event::{Position, RecordedEvent};
use crate::projection::{CheckpointStore, CheckpointUpdate, HandlerError, LetterChange, LetterQuery};
use crate::subscription::RebuildError;
use crate::subscription::config::StartFrom;
use crate::subscription::runner::letter_item::Item;
use crate::subscription::runner::parked::Keeping;
use crate::subscription::runner::{Active, Context, End, Owner};
use crate::subscription::subscription_shared::SubscriptionShared;

pub(super) struct DurableMemory;

impl Unstored {
    /// Returns the changes of the dead letters that are not stored yet.
    pub(in crate::subscription::runner) fn letters(&self) -> &[LetterChange] {
        &self.letters
    }
}

/// What changed since the state was stored.
#[derive(Debug, Default)]
pub(in crate::subscription::runner) struct Unstored {
    /// The changes of the dead letters.
    letters: Vec<LetterChange>,
    /// How many events were applied.
    handled: u64,
}

#[async_trait]
impl<C: CheckpointStore> Delivery<C> for DurableMemory {
    async fn load(&self, owner: &mut Owner<'_, C>) -> Result<(), End> {
        owner.find_letters(Keeping::WithState).await?;
        // Before the number of letters is told: a wait that sees the number reads the letters.
        let known = owner.active.parked.page(LetterQuery::parking().limit(usize::MAX));
        owner.context.core.in_memory.set_letters(&known);
        owner.tell_letters();
        restore(owner).await.map_err(|error| match error {
            RestartError::Ended(end) => end,
            RestartError::Impossible(error) => {
                End::Refused(format!("its state is not known, and it cannot be replayed: {error}").into())
            }
        })?;
        owner.know_dismissed().await
    }

    async fn follow(&self, context: &mut Context<C>) -> Result<(), End> {
        follow_state(context).await
    }

    async fn apply(
        &self,
        owner: &mut Owner<'_, C>,
        events: &[Arc<RecordedEvent>],
        to: Position,
    ) -> Result<BatchOutcome, End> {
        let (part, outcome) = outside::apply(self, owner, events, to).await;
        if let Some(part) = part {
            note_unstored(owner, part.held);
            outside::arrive(owner, part.to, part.handled);
            owner.active.unstored.handled += part.handled as u64;
            if owner.active.unstored.handled >= owner.context.core.config.snapshot_every {
                save_state(owner, part.to).await?;
            }
        }
        Ok(outcome)
    }

    async fn apply_letters(&self, owner: &mut Owner<'_, C>, items: &[Item]) -> Result<BatchOutcome, End> {
        // A state is restored without the events that were applied since it was stored.
        outside::apply_letters(self, owner, items, |owner| !owner.context.core.in_memory.is_poisoned()).await
    }

    async fn save(&self, owner: &mut Owner<'_, C>, to: Position, letters: Vec<LetterChange>) -> Result<(), End> {
        note_unstored(owner, letters);
        save_state(owner, to).await
    }

    async fn before_letters(&self, owner: &mut Owner<'_, C>) -> Result<(), End> {
        // Letters that are not all in memory are read from the store, which must know each change.
        match owner.active.parked.knows_all() || owner.active.unstored.letters.is_empty() {
            true => Ok(()),
            false => save_state(owner, owner.active.position).await,
        }
    }

    fn failed(&self, core: &SubscriptionShared, error: &HandlerError) {
        cut_off(core, error);
    }

    async fn restart(&self, owner: &mut Owner<'_, C>) -> Result<(), RestartError> {
        restore(owner).await?;
        Ok(owner.know_dismissed().await?)
    }

    fn has_unsaved(&self, _: &Active) -> bool {
        // The checkpoint moves only together with the state.
        false
    }

    async fn last_step(&self, owner: &mut Owner<'_, C>) -> Option<CheckpointUpdate> {
        let is_whole = owner.active.is_replayed() && !owner.context.core.in_memory.is_poisoned();
        let is_newer = owner.active.saved < owner.active.position || !owner.active.unstored.letters.is_empty();
        if is_whole && is_newer { state_step(owner, owner.active.position).await } else { None }
    }

    async fn empty(&self, context: &mut Context<C>) -> Result<(), RebuildError> {
        empty(context).await
    }

    fn emptied(&self, core: &SubscriptionShared) {
        core.in_memory.reset();
    }
}

fn note_unstored<C: CheckpointStore>(owner: &mut Owner<'_, C>, changes: Vec<LetterChange>) {
    note_letters(owner, &changes);
    owner.active.unstored.letters.extend(changes);
}

/// Stores the state, which is at `to`, with the changes of dead letters since the last time. Stores nothing during a
/// replay, because the stored state is further on, and nothing if the state is unknown.
async fn save_state<C: CheckpointStore>(owner: &mut Owner<'_, C>, to: Position) -> Result<(), End> {
    if to < owner.active.high_water || owner.context.core.in_memory.is_poisoned() {
        return Ok(());
    }
    let Some(step) = state_step(owner, to).await else { return Ok(()) };
    owner.take(step).await?;
    if !owner.active.parked.knows_all() {
        owner.context.core.in_memory.set_letters(&[]);
    }
    Ok(())
}

/// Creates the step to `to` with the state, and `None` if the projection cannot return its state. Then the next replay
/// is longer.
async fn state_step<C: CheckpointStore>(owner: &mut Owner<'_, C>, to: Position) -> Option<CheckpointUpdate> {
    owner.active.unstored.handled = 0;
    match owner.context.subscriber.snapshot().await {
        Ok(state) => {
            let letters = std::mem::take(&mut owner.active.unstored.letters);
            Some(owner.step(to, letters).snapshot(Some(state)))
        }
        Err(error) => {
            tracing::error!(subscription = owner.context.core.name, %error, "the state cannot be stored");
            let error = format!("the state cannot be stored, and a new process will replay the log: {error}");
            owner.context.core.progress.note(error.into());
            None
        }
    }
}

/// Restores the stored state. If there is none that can be used, empties the projection and replays the log.
async fn restore<C: CheckpointStore>(owner: &mut Owner<'_, C>) -> Result<(), RestartError> {
    let (core, checkpoints) = (Arc::clone(&owner.context.core), Arc::clone(&owner.context.checkpoints));
    let mut untouched = core.in_memory.is_new();
    core.in_memory.claim(owner.context.start);
    let reason = match owner.context.retry_until_up(|| checkpoints.snapshot(&core.name)).await? {
        Some(found) if found.fingerprint != core.fingerprint => "the projection has changed".to_owned(),
        Some(found) if found.position != owner.active.saved => format!("it belongs to position {}", found.position),
        Some(found) => match owner.context.subscriber.restore(&found.state).await {
            Ok(()) => {
                core.in_memory.recover();
                owner.active.position = found.position;
                return Ok(());
            }
            Err(error) => {
                untouched = false;
                error.to_string()
            }
        },
        None => {
            if core.config.start == StartFrom::End {
                // The checkpoint moves only together with the state: without a state, it is still at the start.
                owner.context.start = owner.active.saved;
            }
            "there is none".to_owned()
        }
    };
    if owner.active.saved != owner.context.start && core.config.start == StartFrom::End {
        return Err(RestartError::Impossible(HandlerError::permanent(format!(
            "the stored state cannot be used ({reason}), and the subscription started at the end of the log, at a \
             position that is not stored; reset it, or configure `SubscriptionConfig::after` with that position"
        ))));
    }
    if owner.active.saved != owner.context.start {
        let reason =
            format!("the stored state cannot be used ({reason}): replaying the log from {}", owner.context.start);
        tracing::warn!(subscription = core.name, reason);
        core.progress.note(reason.into());
    }
    if untouched {
        owner.active.position = owner.context.start;
        return Ok(());
    }
    Ok(replay(owner).await?)
}

/// Restores the state that the owner stored last, on a standby.
async fn follow_state<C: CheckpointStore>(context: &mut Context<C>) -> Result<(), End> {
    let (core, checkpoints) = (Arc::clone(&context.core), Arc::clone(&context.checkpoints));
    let found = match context.unless_stopped(checkpoints.snapshot(&core.name)).await? {
        Ok(found) => found.filter(|found| found.fingerprint == core.fingerprint),
        Err(error) => {
            let error = with_causes(&error);
            tracing::debug!(subscription = core.name, %error, "a standby cannot read the stored state");
            return Ok(());
        }
    };
    let Some(found) = found.filter(|found| core.progress.snapshot().position != Some(found.position)) else {
        return Ok(());
    };
    // The state is not new any more: if the claim finds no stored state, it must empty this one.
    core.in_memory.claim(context.start);
    match context.subscriber.restore(&found.state).await {
        Ok(()) => core.progress.follow(Some(found.position)),
        Err(error) => {
            core.in_memory.poison();
            core.progress.follow(None);
            tracing::warn!(subscription = core.name, %error, "a standby cannot restore the stored state");
        }
    }
    Ok(())
}
