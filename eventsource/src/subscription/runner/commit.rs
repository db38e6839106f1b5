//! Claiming and moving the stored checkpoint.

use std::sync::Arc;

use tokio::time::Instant;

use super::{End, Runner};
use crate::event::Position;
use crate::projection::{
    Advance, ChangesRefused, Checkpoint, CheckpointError, CheckpointStore, CommitError, Kind, UnitOfWork,
};

/// How a commit ended, where the subscription goes on.
pub(super) enum Committed {
    Yes,
    /// Nothing was committed: what the unit did is undone.
    No,
    /// What handlers had left to be written was refused: nothing was committed.
    Refused(ChangesRefused),
    /// A handler had ended the transaction: what the unit did is lost, or was committed by that handler.
    TransactionEnded,
}

impl<C: CheckpointStore> Runner<C> {
    /// Takes the stored checkpoint over, or makes one at `start`.
    pub(super) async fn claim_stored(&mut self, start: Position) -> Result<Checkpoint, End> {
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        let mut failures = 0;
        loop {
            match self.or_stop(checkpoints.claim(&core.name, &core.fingerprint, start)).await? {
                Ok(checkpoint) => return Ok(checkpoint),
                Err(error) => {
                    failures += 1;
                    self.outage(error.to_string(), failures).await?;
                }
            }
        }
    }

    /// Opens a unit of work.
    pub(super) async fn begin(&mut self) -> Result<C::Unit, End> {
        let checkpoints = Arc::clone(&self.checkpoints);
        let mut failures = 0;
        loop {
            match self.or_stop(checkpoints.begin()).await? {
                Ok(unit) => return Ok(unit),
                Err(error) => {
                    failures += 1;
                    self.outage(error.to_string(), failures).await?;
                }
            }
        }
    }

    /// Commits `unit` with the checkpoint moved to `to`.
    pub(super) async fn commit(&mut self, unit: C::Unit, to: Position) -> Result<Committed, End> {
        let step = Advance::new(self.core.name.clone(), self.epoch, self.saved, to);
        match unit.commit(&step).await {
            Ok(()) => {}
            Err(CommitError::Refused(refused)) => return Ok(Committed::Refused(refused)),
            Err(CommitError::TransactionEnded) => return Ok(Committed::TransactionEnded),
            Err(CommitError::Failed(error)) => {
                if !self.settle(&step, error).await? {
                    return Ok(Committed::No);
                }
            }
            Err(fenced @ CommitError::Fenced { .. }) => return Err(End::Fenced(fenced.to_string().into())),
        }
        self.saved = to;
        self.saved_at = Instant::now();
        Ok(Committed::Yes)
    }

    /// Whether `step`, whose commit gave no clear answer, was taken: the checkpoint is read back, not guessed.
    async fn settle(&mut self, step: &Advance, mut error: CheckpointError) -> Result<bool, End> {
        let checkpoints = Arc::clone(&self.checkpoints);
        let mut failures = 0;
        loop {
            failures += 1;
            self.outage(error.to_string(), failures).await?;
            let found = match self.or_stop(checkpoints.load(&step.name)).await? {
                Ok(found) => found,
                Err(again) => {
                    error = again;
                    continue;
                }
            };
            let owned = found.as_ref().filter(|found| found.epoch == step.epoch).map(|found| found.position);
            return match owned {
                Some(position) if position == step.to => Ok(true),
                Some(position) if position == step.from => Ok(false),
                _ => {
                    let fenced = CommitError::Fenced { step: step.clone(), found };
                    Err(End::Fenced(fenced.to_string().into()))
                }
            };
        }
    }

    /// Moves the stored checkpoint to `to`, outside the transaction of a batch.
    pub(super) async fn save(&mut self, to: Position) -> Result<(), End> {
        loop {
            let unit = self.checkpoints.detached();
            if let Committed::Yes = self.commit(unit, to).await? {
                return Ok(());
            }
        }
    }

    /// Whether the stored checkpoint is behind.
    pub(super) fn has_unsaved(&self) -> bool {
        self.core.kind != Kind::Memory && self.saved < self.position
    }

    /// Moves the stored checkpoint over the events passed.
    pub(super) async fn save_passed(&mut self) -> Result<(), End> {
        self.save(self.position).await?;
        self.core.progress.set_state(self.working());
        Ok(())
    }

    /// Saves what is not saved yet, before a stop. Where the store does not answer, the stop does not wait: what is
    /// lost is progress over events that are not the subscription's own.
    pub(super) async fn save_before_stop(&mut self) -> Result<(), CommitError> {
        if !self.has_unsaved() {
            return Ok(());
        }
        let step = Advance::new(self.core.name.clone(), self.epoch, self.saved, self.position);
        self.checkpoints.detached().commit(&step).await
    }
}
