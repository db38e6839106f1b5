//! State in the subscriber's own fields, stored with the checkpoint after a number of events and at a stop.

use std::sync::Arc;

use async_trait::async_trait;

use super::memory::{cut_off, empty, note_letters, replay};
use super::{BatchOutcome, Delivery, outside};
use crate::causes::with_causes;
use crate::event::{Position, RecordedEvent};
use crate::projection::{CheckpointStore, CheckpointUpdate, HandlerError, LetterChange, LetterQuery};
use crate::subscription::config::StartFrom;
use crate::subscription::runner::letter_item::Item;
use crate::subscription::runner::parked::Parked;
use crate::subscription::runner::{End, Runner};
use crate::subscription::{RebuildError, SubscriptionState};

pub(super) struct DurableMemory;

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
    async fn load(&self, runner: &mut Runner<C>) -> Result<(), End> {
        let letters = runner.letters(LetterQuery::all()).await?;
        runner.core.in_memory.set_letters(&letters);
        runner.parked = Parked::all(letters, true);
        runner.tell_letters();
        restore(runner)
            .await?
            .map_err(|error| End::Refused(format!("its state is not known, and it cannot be replayed: {error}").into()))
    }

    async fn follow(&self, runner: &mut Runner<C>) -> Result<(), End> {
        follow_state(runner).await
    }

    async fn apply(
        &self,
        runner: &mut Runner<C>,
        events: &[Arc<RecordedEvent>],
        to: Position,
    ) -> Result<BatchOutcome, End> {
        let (part, outcome) = outside::apply(self, runner, events, to).await;
        if let Some(part) = part {
            note_unstored(runner, part.held);
            outside::arrive(runner, part.to, part.handled);
            runner.unstored.handled += part.handled as u64;
            if runner.unstored.handled >= runner.core.config.snapshot_every {
                save_state(runner, part.to).await?;
            }
        }
        Ok(outcome)
    }

    async fn apply_letters(&self, runner: &mut Runner<C>, items: &[Item]) -> Result<BatchOutcome, End> {
        // A state is restored without the events that were applied since it was stored.
        outside::apply_letters(self, runner, items, |runner| !runner.core.in_memory.is_poisoned()).await
    }

    async fn save(&self, runner: &mut Runner<C>, to: Position, letters: Vec<LetterChange>) -> Result<(), End> {
        note_unstored(runner, letters);
        save_state(runner, to).await
    }

    fn failed(&self, runner: &Runner<C>, error: &HandlerError) {
        cut_off(runner, error);
    }

    async fn restart(&self, runner: &mut Runner<C>) -> Result<Result<(), HandlerError>, End> {
        restore(runner).await
    }

    fn has_unsaved(&self, _: &Runner<C>) -> bool {
        // The checkpoint moves only together with the state.
        false
    }

    async fn last_step(&self, runner: &mut Runner<C>) -> Option<CheckpointUpdate> {
        let is_whole = runner.is_replayed() && !runner.core.in_memory.is_poisoned();
        let is_newer = runner.saved < runner.position || !runner.unstored.letters.is_empty();
        if is_whole && is_newer { state_step(runner, runner.position).await } else { None }
    }

    async fn empty(&self, runner: &mut Runner<C>) -> Result<(), RebuildError> {
        empty(runner).await
    }

    fn emptied(&self, runner: &mut Runner<C>) {
        runner.core.in_memory.reset();
        runner.unstored.letters.clear();
        runner.begin_at(runner.start);
    }
}

fn note_unstored<C: CheckpointStore>(runner: &mut Runner<C>, changes: Vec<LetterChange>) {
    note_letters(runner, &changes);
    runner.unstored.letters.extend(changes);
}

/// Stores the state, which is at `to`, with the changes of dead letters since the last time. Stores nothing during a
/// replay, because the stored state is further on, and nothing if the state is unknown.
async fn save_state<C: CheckpointStore>(runner: &mut Runner<C>, to: Position) -> Result<(), End> {
    if to < runner.high_water || runner.core.in_memory.is_poisoned() {
        return Ok(());
    }
    match state_step(runner, to).await {
        Some(step) => runner.take(step).await,
        None => Ok(()),
    }
}

/// Creates the step to `to` with the state, and `None` if the projection cannot return its state. Then the next replay
/// is longer.
async fn state_step<C: CheckpointStore>(runner: &mut Runner<C>, to: Position) -> Option<CheckpointUpdate> {
    runner.unstored.handled = 0;
    match runner.subscriber.snapshot().await {
        Ok(state) => {
            let letters = std::mem::take(&mut runner.unstored.letters);
            Some(runner.step(to, letters).snapshot(Some(state)))
        }
        Err(error) => {
            tracing::error!(subscription = runner.core.name, %error, "the state cannot be stored");
            let error = format!("the state cannot be stored, and a new process will replay the log: {error}");
            runner.core.progress.fail(error, runner.working());
            None
        }
    }
}

/// Restores the stored state. If there is none that can be used, empties the projection and replays the log. The inner
/// error says why that failed.
async fn restore<C: CheckpointStore>(runner: &mut Runner<C>) -> Result<Result<(), HandlerError>, End> {
    let (core, checkpoints) = (Arc::clone(&runner.core), Arc::clone(&runner.checkpoints));
    let mut untouched = core.in_memory.is_new();
    core.in_memory.claim(runner.start);
    let reason = match runner.retry_until_up(|| checkpoints.snapshot(&core.name)).await? {
        Some(found) if found.fingerprint != core.fingerprint => "the projection has changed".to_owned(),
        Some(found) if found.position != runner.saved => format!("it belongs to position {}", found.position),
        Some(found) => match runner.subscriber.restore(&found.state).await {
            Ok(()) => {
                core.in_memory.recover();
                runner.position = found.position;
                return Ok(Ok(()));
            }
            Err(error) => {
                untouched = false;
                error.to_string()
            }
        },
        None => {
            if core.config.start == StartFrom::End {
                // The checkpoint moves only together with the state: without a state, it is still at the start.
                runner.start = runner.saved;
            }
            "there is none".to_owned()
        }
    };
    if runner.saved != runner.start && core.config.start == StartFrom::End {
        return Ok(Err(HandlerError::permanent(format!(
            "the stored state cannot be used ({reason}), and the subscription started at the end of the log, at a \
             position that is not stored; reset it, or configure `SubscriptionConfig::after` with that position"
        ))));
    }
    if runner.saved != runner.start {
        let reason = format!("the stored state cannot be used ({reason}): replaying the log from {}", runner.start);
        tracing::warn!(subscription = core.name, reason);
        core.progress.fail(reason, SubscriptionState::CatchingUp);
    }
    if untouched {
        runner.position = runner.start;
        return Ok(Ok(()));
    }
    Ok(replay(runner).await)
}

/// Restores the state that the owner stored last, on a standby.
async fn follow_state<C: CheckpointStore>(runner: &mut Runner<C>) -> Result<(), End> {
    let (core, checkpoints) = (Arc::clone(&runner.core), Arc::clone(&runner.checkpoints));
    let found = match runner.unless_stopped(checkpoints.snapshot(&core.name)).await? {
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
    core.in_memory.claim(runner.start);
    match runner.subscriber.restore(&found.state).await {
        Ok(()) => core.progress.follow(Some(found.position)),
        Err(error) => {
            core.in_memory.poison();
            core.progress.follow(None);
            tracing::warn!(subscription = core.name, %error, "a standby cannot restore the stored state");
        }
    }
    Ok(())
}
