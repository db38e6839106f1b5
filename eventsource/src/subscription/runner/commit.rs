//! Claiming and moving the stored checkpoint.

use std::error::Error as _;
use std::sync::Arc;

use tokio::time::Instant;

use super::shadow_build::generations;
use super::{End, Runner};
use crate::causes::WithCauses;
use crate::event::{Position, StreamId};
use crate::projection::{
    ChangesRefused, Checkpoint, CheckpointError, CheckpointStore, CheckpointUpdate, CommitError, LetterChange, Letters,
    ProjectionKind, UnitOfWork,
};
use crate::store::Verdict;
use crate::subscription::erased::Met;
use crate::subscription::subscription_shared::SubscriptionShared;

/// How a commit ended, where the subscription goes on.
pub(super) enum Committed {
    Yes,
    /// Nothing was committed: what the unit did is undone, and no handler is to blame.
    No(Undone),
    /// The events are to be applied one by one: nothing was committed.
    OneByOne(String),
    /// What handlers had changed was refused: nothing was committed.
    Refused(ChangesRefused),
    /// A handler had ended the transaction: what the unit did is lost, or was committed by that handler.
    TransactionEnded,
}

/// Why a unit of work was undone.
#[derive(Debug)]
pub(super) struct Undone {
    pub(super) met: Met,
    /// Whether that was waited for already.
    pub(super) waited: bool,
}

/// A step whose commit gave no clear answer.
pub(super) struct InDoubtCommit {
    step: CheckpointUpdate,
    /// How many events were applied in its unit of work; `None` where there is nothing to it but the step, which can be
    /// taken at any time.
    handled: Option<usize>,
}

impl<C: CheckpointStore> Runner<C> {
    /// Opens a unit of work.
    pub(super) async fn begin(&mut self) -> Result<C::Unit, End> {
        let checkpoints = Arc::clone(&self.checkpoints);
        match self.building.clone() {
            Some(building) => {
                self.retry_until_up(|| async { generations(&*checkpoints)?.begin_next(&building.tables).await }).await
            }
            None => self.retry_until_up(|| checkpoints.begin()).await,
        }
    }

    /// The step of the checkpoint to `to`, with what becomes of dead letters.
    pub(super) fn step(&self, to: Position, letters: Vec<LetterChange>) -> CheckpointUpdate {
        let SubscriptionShared { name, config, .. } = &*self.core;
        let step = CheckpointUpdate::new(name.clone(), self.epoch, self.saved, to).marked(self.known_log.mark_at(to));
        step.letters(letters).lease(Some(config.lease))
    }

    /// Commits `unit` with `step`. In the unit `handled` events were applied; `None` where it is there for the step alone.
    pub(super) async fn commit(
        &mut self,
        unit: C::Unit,
        step: CheckpointUpdate,
        handled: Option<usize>,
    ) -> Result<Committed, End> {
        let what = || format!("the commit of the checkpoint at position {} has not been answered", step.to);
        match self.watch().tell(what, unit.commit(&step)).await {
            Ok(()) => {}
            Err(CommitError::Refused(refused)) => return Ok(Committed::Refused(refused)),
            Err(CommitError::TransactionEnded) => return Ok(Committed::TransactionEnded),
            Err(changed @ CommitError::SessionChanged { .. }) => return Ok(Committed::OneByOne(changed.to_string())),
            // It failed before the commit was asked for.
            Err(CommitError::Failed(error)) if error.source().is_some_and(|source| source.is::<ChangesRefused>()) => {
                let verdict = self.checkpoints.detached().verdict(&error).unwrap_or(Verdict::Outage);
                let met = Met { verdict, error: error.into() };
                return Ok(Committed::No(Undone { met, waited: false }));
            }
            Err(CommitError::Failed(error)) => {
                self.in_doubt = Some(InDoubtCommit { step: step.clone(), handled });
                let taken = self.settle(&step, &error).await?;
                self.in_doubt = None;
                if !taken {
                    let met = Met { verdict: Verdict::Outage, error: error.into() };
                    return Ok(Committed::No(Undone { met, waited: true }));
                }
            }
            Err(fenced @ (CommitError::Fenced { .. } | CommitError::NotOwned { .. })) => {
                return Err(End::Fenced(fenced.to_string().into()));
            }
        }
        if self.core.kind != ProjectionKind::DurableMemory {
            self.change_letters(&step.letters);
        }
        self.saved = step.to;
        self.saved_at = Instant::now();
        self.failed_commits = 0;
        Ok(Committed::Yes)
    }

    /// Follows changes that are stored.
    fn change_letters(&mut self, changes: &[LetterChange]) {
        if !changes.is_empty() {
            changes.iter().for_each(|change| self.parked.change(change));
            self.tell_letters();
        }
    }

    /// Whether `step`, whose commit gave no clear answer, was taken: what is stored is read back, not guessed.
    async fn settle(&mut self, step: &CheckpointUpdate, error: &CheckpointError) -> Result<bool, End> {
        self.failed_commits += 1;
        self.outage(in_context(step, error), self.failed_commits).await?;
        let (checkpoints, lease) = (Arc::clone(&self.checkpoints), self.core.config.lease);
        // The store may still be about to take it, on a connection that is lost to this side: who writes to the checkpoint
        // waits for whoever is writing to it, and reads back what has become of it.
        self.retry_until_up(|| checkpoints.renew(&step.name, step.epoch, lease)).await?;
        let found = self.retry_until_up(|| checkpoints.load(&step.name)).await?;
        let taken = was_taken(step, found).map_err(|fenced| End::Fenced(fenced.to_string().into()))?;
        if step.from != step.to {
            return Ok(taken);
        }
        self.retry_until_up(|| is_made(&*checkpoints, step)).await
    }

    /// The same before a stop, which does not wait for a store that does not answer.
    async fn settle_before_stop(&mut self, InDoubtCommit { step, handled }: InDoubtCommit) -> Result<(), CommitError> {
        let found = self.checkpoints.load(&step.name).await?;
        let mut taken = was_taken(&step, found).map_err(|fenced| *fenced)?;
        if step.from == step.to {
            taken = is_made(&*self.checkpoints, &step).await?;
        }
        if !taken {
            if handled.is_some() {
                return Ok(());
            }
            // It carries what would be forgotten with it, such as what waits behind letters.
            self.checkpoints.detached().commit(&step).await?;
        }
        self.saved = step.to;
        self.position = self.position.max(step.to);
        self.unreported += handled.unwrap_or_default();
        Ok(())
    }

    /// Moves the stored checkpoint to `to`, outside the transaction of a batch, with what becomes of dead letters.
    pub(super) async fn save(&mut self, to: Position, letters: Vec<LetterChange>) -> Result<(), End> {
        if self.core.kind.is_memory() {
            self.note_letters(letters);
            return self.save_state(to).await;
        }
        self.take(self.step(to, letters)).await
    }

    /// Takes `step`, outside the transaction of a batch.
    async fn take(&mut self, step: CheckpointUpdate) -> Result<(), End> {
        loop {
            let unit = self.checkpoints.detached();
            if let Committed::Yes = self.commit(unit, step.clone(), None).await? {
                return Ok(());
            }
        }
    }

    /// Stores the state of a durable memory projection, which is at `to`, and what has become of dead letters since the
    /// last time. While the log is replayed nothing is stored: what is stored is further on. Nor is a state in pieces,
    /// which a handler has left that was cut off: what is stored is what it begins anew from.
    pub(super) async fn save_state(&mut self, to: Position) -> Result<(), End> {
        if self.core.kind != ProjectionKind::DurableMemory || to < self.high_water || self.core.in_memory.is_poisoned()
        {
            return Ok(());
        }
        match self.state_step(to).await {
            Some(step) => self.take(step).await,
            None => Ok(()),
        }
    }

    /// The step to `to` with the state; `None` where the state cannot be stored, which only makes a replay longer.
    async fn state_step(&mut self, to: Position) -> Option<CheckpointUpdate> {
        self.handled_since = 0;
        match self.subscriber.snapshot().await {
            Ok(state) => {
                let letters = std::mem::take(&mut self.pending);
                Some(self.step(to, letters).snapshot(Some(state)))
            }
            Err(error) => {
                tracing::error!(subscription = self.core.name, %error, "the state cannot be stored");
                let error = format!("the state cannot be stored, and a new process will replay the log: {error}");
                self.core.progress.fail(error, self.working());
                None
            }
        }
    }

    /// Heeds changes of a memory projection's dead letters from now on.
    pub(super) fn note_letters(&mut self, changes: Vec<LetterChange>) {
        // Before it is told how many there are: a wait looks there for what it is told of.
        self.core.in_memory.change_letters(&changes);
        self.change_letters(&changes);
        if self.core.kind == ProjectionKind::DurableMemory {
            self.pending.extend(changes);
        }
    }

    /// Whether the stored checkpoint is behind.
    pub(super) fn has_unsaved(&self) -> bool {
        !self.core.kind.is_memory() && self.saved < self.position
    }

    /// Whether a durable memory projection is further on than what is stored of it.
    fn has_unsaved_state(&self) -> bool {
        let is_whole = self.is_replayed() && !self.core.in_memory.is_poisoned();
        self.core.kind == ProjectionKind::DurableMemory
            && is_whole
            && (self.saved < self.position || !self.pending.is_empty())
    }

    /// Moves the stored checkpoint over the events passed.
    pub(super) async fn save_passed(&mut self) -> Result<(), End> {
        self.save(self.position, Vec::new()).await?;
        self.core.progress.set_state(self.working());
        Ok(())
    }

    /// Saves what is not saved yet, before a stop, and tells where the subscription stands. The stop does not wait for
    /// a store that does not answer.
    ///
    /// # Errors
    /// Why it was not saved.
    pub(super) async fn save_before_stop(&mut self) -> Result<(), CommitError> {
        if let Some(in_doubt) = self.in_doubt.take() {
            self.settle_before_stop(in_doubt).await?;
        }
        let step = if self.has_unsaved() {
            Some(self.step(self.position, Vec::new()))
        } else if self.has_unsaved_state() {
            self.state_step(self.position).await
        } else {
            None
        };
        if let Some(step) = step {
            self.checkpoints.detached().commit(&step).await?;
            self.saved = self.position;
        }
        let unreported = std::mem::take(&mut self.unreported);
        self.core.progress.advance(self.position, unreported as u64, self.working());
        Ok(())
    }
}

/// The error, and whose failure it keeps from being stored: it must not mask it.
fn in_context(step: &CheckpointUpdate, error: &CheckpointError) -> String {
    let kept = step.letters.iter().find_map(|change| match change {
        LetterChange::Keep(letter) | LetterChange::Dismiss(letter) => Some(letter),
        _ => None,
    });
    match kept {
        Some(letter) => format!("{}; what waits to be stored with it: {letter}", WithCauses(error)),
        None => WithCauses(error).to_string(),
    }
}

/// Whether `step`, over which the checkpoint stays where it is, was taken: the letters that it changes tell that. What is
/// held behind letters does not.
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

/// The stream whose letter is replaced or removed.
const fn freed(change: &LetterChange) -> Option<&StreamId> {
    match change {
        LetterChange::Keep(letter) => Some(&letter.stream),
        LetterChange::Release { stream } => Some(stream),
        LetterChange::Dismiss(_) | LetterChange::Hold { .. } => None,
    }
}

/// Whether `step` was taken, by the checkpoint that was `found` later.
fn was_taken(step: &CheckpointUpdate, found: Option<Checkpoint>) -> Result<bool, Box<CommitError>> {
    match found.as_ref().filter(|found| found.epoch == step.epoch).map(|found| found.position) {
        Some(position) if position == step.to => Ok(true),
        Some(position) if position == step.from => Ok(false),
        _ => Err(Box::new(CommitError::Fenced { step: Box::new(step.clone()), found })),
    }
}
