//! Moves the stored checkpoint, and finds out what happened to a commit whose answer was lost.

use std::error::Error as _;
use std::sync::Arc;

use tokio::time::Instant;

use super::next_generation::generations;
use super::{End, Owner};
use crate::causes::with_causes;
use crate::event::{Position, StreamId};
use crate::projection::{
    ChangesRefused, Checkpoint, CheckpointError, CheckpointStore, CheckpointUpdate, CommitError, LetterChange, Letters,
    UnitOfWork,
};
use crate::store::Verdict;
use crate::subscription::erased::Met;
use crate::subscription::subscription_shared::SubscriptionShared;

/// How a commit ended, if the subscription continues.
pub(super) enum Committed {
    Yes,
    /// Nothing was committed, because of an outage.
    No(Undone),
    /// Nothing was committed: the events must be applied one by one.
    OneByOne(String),
    /// Nothing was committed: the changes of the handlers were refused.
    Refused(ChangesRefused),
    /// A handler had ended the transaction: its changes are lost, or the handler has committed them.
    TransactionEnded,
}

/// The outage because of which a unit of work was rolled back.
#[derive(Debug)]
pub(super) struct Undone {
    pub(super) met: Met,
    /// Whether the runner has waited for the store already.
    pub(super) waited: bool,
}

/// A step whose commit gave no clear answer.
pub(super) struct InDoubtCommit {
    step: CheckpointUpdate,
    /// How many events were applied in its unit of work; `None` if the unit contains only the step, which can be
    /// repeated.
    handled: Option<usize>,
}

impl<C: CheckpointStore> Owner<'_, C> {
    /// Opens a unit of work.
    pub(super) async fn begin(&mut self) -> Result<C::Unit, End> {
        let checkpoints = Arc::clone(&self.context.checkpoints);
        let core = Arc::clone(&self.context.core);
        self.context
            .retry_until_up(|| async {
                match core.next_of {
                    Some(_) => generations(&*checkpoints)?.begin_next(&core.tables).await,
                    None => checkpoints.begin().await,
                }
            })
            .await
    }

    /// Creates the step of the checkpoint to `to`, with changes of dead letters.
    pub(super) fn step(&self, to: Position, letters: Vec<LetterChange>) -> CheckpointUpdate {
        let SubscriptionShared { name, config, .. } = &*self.context.core;
        let step = CheckpointUpdate::new(name.clone(), self.active.epoch, self.active.saved, to)
            .marked(self.active.known_log.mark_at(to));
        step.letters(letters).lease(Some(config.lease)).serves(self.active.serving.clone())
    }

    /// Commits `unit` with `step`. `handled` events were applied in the unit; `None` if it contains only the step.
    pub(super) async fn commit(
        &mut self,
        unit: C::Unit,
        step: CheckpointUpdate,
        handled: Option<usize>,
    ) -> Result<Committed, End> {
        let Some(begun) = self.context.core.observers.now() else { return self.try_commit(unit, step, handled).await };
        let (to, events) = (step.to, handled.unwrap_or_default());
        let result = self.try_commit(unit, step, handled).await;
        self.context.tell_commit(to, events, begun.elapsed(), &result);
        result
    }

    async fn try_commit(
        &mut self,
        unit: C::Unit,
        step: CheckpointUpdate,
        handled: Option<usize>,
    ) -> Result<Committed, End> {
        let what = || format!("the commit of the checkpoint at position {} has not been answered", step.to);
        match self.context.watch().tell(what, unit.commit(&step)).await {
            Ok(()) => {}
            Err(CommitError::Refused(refused)) => return Ok(Committed::Refused(refused)),
            Err(CommitError::TransactionEnded) => return Ok(Committed::TransactionEnded),
            Err(changed @ CommitError::SessionChanged { .. }) => return Ok(Committed::OneByOne(changed.to_string())),
            // It failed before the commit was sent.
            Err(CommitError::Failed(error)) if error.source().is_some_and(|source| source.is::<ChangesRefused>()) => {
                let verdict = self.context.checkpoints.detached().verdict(&error).unwrap_or(Verdict::Outage);
                let met = Met { verdict, error: error.into() };
                return Ok(Committed::No(Undone { met, waited: false }));
            }
            Err(CommitError::Failed(error)) => {
                self.active.in_doubt = Some(InDoubtCommit { step: step.clone(), handled });
                let taken = self.settle(&step, &error).await?;
                self.active.in_doubt = None;
                if !taken {
                    let met = Met { verdict: Verdict::Outage, error: error.into() };
                    return Ok(Committed::No(Undone { met, waited: true }));
                }
            }
            Err(fenced @ (CommitError::Fenced { .. } | CommitError::NotOwned { .. })) => {
                return Err(End::Fenced(fenced.to_string().into()));
            }
        }
        // A projection that stores its state has applied them before.
        if !self.context.core.facts.stores_state() {
            self.change_letters(&step.letters);
        }
        self.active.saved = step.to;
        self.active.saved_at = Instant::now();
        self.active.failed_commits = 0;
        Ok(Committed::Yes)
    }

    /// Applies stored changes to the known letters.
    pub(super) fn change_letters(&mut self, changes: &[LetterChange]) {
        if !changes.is_empty() {
            changes.iter().for_each(|change| self.active.parked.change(change));
            self.tell_letters();
        }
    }

    /// Finds out whether `step` was committed, by reading what is stored.
    async fn settle(&mut self, step: &CheckpointUpdate, error: &CheckpointError) -> Result<bool, End> {
        self.active.failed_commits += 1;
        self.context.outage(in_context(step, error), self.active.failed_commits).await?;
        let (checkpoints, lease) = (Arc::clone(&self.context.checkpoints), self.context.core.config.lease);
        // The database may still be executing the commit of a lost connection. A write to the same row waits for it,
        // and the read after that sees its result.
        self.context.retry_until_up(|| checkpoints.renew(&step.name, step.epoch, lease)).await?;
        let found = self.context.retry_until_up(|| checkpoints.load(&step.name)).await?;
        let taken = was_taken(step, found).map_err(|fenced| End::Fenced(fenced.to_string().into()))?;
        if step.from != step.to {
            return Ok(taken);
        }
        self.context.retry_until_up(|| is_made(&*checkpoints, step)).await
    }

    /// Finds out the same before a stop, without waiting for a store that does not answer.
    async fn settle_before_stop(&mut self, InDoubtCommit { step, handled }: InDoubtCommit) -> Result<(), CommitError> {
        let found = self.context.checkpoints.load(&step.name).await?;
        let mut taken = was_taken(&step, found).map_err(|fenced| *fenced)?;
        if step.from == step.to {
            taken = is_made(&*self.context.checkpoints, &step).await?;
        }
        if !taken {
            if handled.is_some() {
                return Ok(());
            }
            // The step contains changes that would be lost, such as the numbers of events behind letters.
            self.context.checkpoints.detached().commit(&step).await?;
        }
        self.active.saved = step.to;
        self.active.position = self.active.position.max(step.to);
        self.active.unreported += handled.unwrap_or_default();
        Ok(())
    }

    /// Moves the stored checkpoint to `to`, outside the transaction of a batch, with changes of dead letters.
    pub(super) async fn save(&mut self, to: Position, letters: Vec<LetterChange>) -> Result<(), End> {
        let delivery = self.context.delivery;
        delivery.save(self, to, letters).await
    }

    /// Commits `step` outside the transaction of a batch.
    pub(super) async fn take(&mut self, step: CheckpointUpdate) -> Result<(), End> {
        loop {
            let unit = self.context.checkpoints.detached();
            if let Committed::Yes = self.commit(unit, step.clone(), None).await? {
                return Ok(());
            }
        }
    }

    /// Whether the stored checkpoint is behind the position.
    pub(super) fn has_unsaved(&self) -> bool {
        self.context.delivery.has_unsaved(self.active)
    }

    /// Moves the stored checkpoint past events that were skipped.
    pub(super) async fn save_passed(&mut self) -> Result<(), End> {
        self.save(self.active.position, Vec::new()).await?;
        self.publish();
        Ok(())
    }

    /// Saves the checkpoint before a stop, and reports the position. Does not wait for a store that does not answer.
    pub(super) async fn save_before_stop(&mut self) -> Result<(), CommitError> {
        if let Some(in_doubt) = self.active.in_doubt.take() {
            self.settle_before_stop(in_doubt).await?;
        }
        let delivery = self.context.delivery;
        if let Some(step) = delivery.last_step(self).await {
            self.context.checkpoints.detached().commit(&step).await?;
            self.active.saved = self.active.position;
        }
        let unreported = std::mem::take(&mut self.active.unreported);
        self.publish_applied(unreported);
        self.tell_settled(unreported);
        Ok(())
    }
}

/// Returns the text of `error`, with the dead letter that is not stored because of it: the error must not hide the
/// failure.
fn in_context(step: &CheckpointUpdate, error: &CheckpointError) -> String {
    let error = with_causes(error);
    let kept = step.letters.iter().find_map(|change| match change {
        LetterChange::Keep(letter) | LetterChange::Dismiss(letter) => Some(letter),
        _ => None,
    });
    match kept {
        Some(letter) => format!("{error}; this dead letter waits to be stored: {letter}"),
        None => error,
    }
}

/// Whether `step`, which does not move the checkpoint, was committed: the letters that it changes tell. The number of
/// events behind a letter does not.
async fn is_made<C: CheckpointStore>(checkpoints: &C, step: &CheckpointUpdate) -> Result<bool, CheckpointError> {
    let streams: Vec<_> = step.letters.iter().filter_map(freed).cloned().collect();
    let parked: Letters = checkpoints.parked(&step.name, &streams).await?.into_iter().collect();
    for change in &step.letters {
        let is_made = match change {
            LetterChange::Keep(letter) => parked.parked(&letter.stream) == Some(letter),
            LetterChange::Release { stream } => parked.parked(stream).is_none(),
            LetterChange::Dismiss(letter) => {
                checkpoints.dead_letter(&step.name, letter.position).await?.as_ref() == Some(letter)
            }
            LetterChange::Hold { .. } => true,
        };
        if !is_made {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns the stream whose letter is replaced or removed.
const fn freed(change: &LetterChange) -> Option<&StreamId> {
    match change {
        LetterChange::Keep(letter) => Some(&letter.stream),
        LetterChange::Release { stream } => Some(stream),
        LetterChange::Dismiss(_) | LetterChange::Hold { .. } => None,
    }
}

/// Whether `step` was committed, according to the checkpoint that was `found` later.
fn was_taken(step: &CheckpointUpdate, found: Option<Checkpoint>) -> Result<bool, Box<CommitError>> {
    match found.as_ref().filter(|found| found.epoch == step.epoch).map(|found| found.position) {
        Some(position) if position == step.to => Ok(true),
        Some(position) if position == step.from => Ok(false),
        _ => Err(Box::new(CommitError::Fenced { step: Box::new(step.clone()), found: found.map(Box::new) })),
    }
}
