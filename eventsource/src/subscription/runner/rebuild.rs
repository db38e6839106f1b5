//! Rebuilds in place: empties the read model together with the checkpoint, and replays the log.
//!
//! ```text
//! truncate and clear the checkpoint, in one unit -> claim the checkpoint, which stores the target -> replay
//! ```
//!
//! The next owner of such a checkpoint, after a crash or in another process, continues the rebuild.

use std::sync::Arc;

use super::next_generation::refusal;
use super::replay::Replay;
use super::resume::{EmptyModel, Resume};
use super::retrying::Retrying;
use super::{Context, End, Owner};
use crate::causes::with_causes;
use crate::event::Position;
use crate::projection::{
    CheckpointError, CheckpointReset, CheckpointStore, CommitError, HandlerError, NoTruncateHook, UnitOfWork as _,
};
use crate::subscription::config::StartFrom;
use crate::subscription::observer::RequestAction;
use crate::subscription::rebuild::tracked::Outcome;
use crate::subscription::requests::{Begun, Rebuilding, Reply};
use crate::subscription::{RebuildError, RebuildKind};

/// Why a rebuild has not begun.
pub(super) enum NotBegun {
    /// The runner ends.
    Ended(End),
    Refused(RebuildError),
}

impl From<End> for NotBegun {
    fn from(end: End) -> Self {
        Self::Ended(end)
    }
}

impl From<RebuildError> for NotBegun {
    fn from(error: RebuildError) -> Self {
        Self::Refused(error)
    }
}

impl<C: CheckpointStore> Context<C> {
    /// Continues a rebuild in place up to `target`, if there is one, at `position`.
    pub(super) fn replay_in_place(&self, position: Position, target: Option<Position>) -> Replay {
        let rebuilds = &self.core.rebuilds;
        let mut replay = match target {
            Some(target) => {
                let tracked = rebuilds.resume(RebuildKind::InPlace, self.start, target, position);
                Replay::InPlace { target, tracked }
            }
            None => {
                let unfinished = rebuilds.unfinished().filter(|tracked| tracked.kind == RebuildKind::InPlace);
                if let Some(tracked) = unfinished {
                    // Another process has finished it.
                    tracked.end(Outcome::Done(position));
                }
                Replay::None
            }
        };
        replay.move_to(position);
        replay
    }

    pub(super) fn not_emptied(&self, error: HandlerError) -> RebuildError {
        let subscription = self.core.name.clone();
        if error.is_caused_by::<NoTruncateHook>() {
            RebuildError::NoTruncateHook { subscription }
        } else {
            RebuildError::Truncate { subscription, error }
        }
    }
}

impl<C: CheckpointStore> Owner<'_, C> {
    /// Begins a requested rebuild. After a rebuild in place, the checkpoint must be claimed again.
    pub(super) async fn rebuild(&mut self, how: Rebuilding, answer: Reply<Begun>) -> Result<(), End> {
        let delivery = self.context.delivery;
        let refused = match how {
            Rebuilding::SideBySide { hold } => match self.rebuild_side_by_side(hold).await {
                Ok(tracked) => Ok(tracked),
                Err(NotBegun::Ended(end)) => return Err(end),
                Err(NotBegun::Refused(error)) => Err(error),
            },
            Rebuilding::InPlace => match delivery.rebuild(self).await {
                Ok(target) => {
                    self.context.core.tell_request(RequestAction::Rebuild, true);
                    return Err(self.replay(target, answer));
                }
                Err(NotBegun::Ended(end)) => return Err(end),
                Err(NotBegun::Refused(error)) => Err(error),
            },
        };
        self.context.core.tell_request(RequestAction::Rebuild, refused.is_ok());
        answer.send(refused);
        Ok(())
    }

    /// Ends the ownership of an empty read model, whose log is replayed up to `target` after the next claim.
    fn replay(&mut self, target: Position, answer: Reply<Begun>) -> End {
        // The rebuild has removed the letters.
        if let Some(retrying) = self.active.retrying.take() {
            Retrying::answer(retrying);
        }
        let core = &self.context.core;
        tracing::info!(subscription = core.name, %target, "rebuilding: the read model is empty");
        let tracked = core.rebuilds.begin(RebuildKind::InPlace, self.context.start, target);
        End::Reclaim(Box::new(Resume { empty: Some(EmptyModel::new(tracked, answer)), retrying: None }))
    }

    /// Empties the read model and clears the checkpoint in one unit of work. Returns the position up to which the log
    /// is replayed.
    pub(super) async fn rebuild_stored(&mut self) -> Result<Position, NotBegun> {
        let subscription = self.context.core.name.clone();
        if self.context.core.config.start == StartFrom::End {
            return Err(RebuildError::StartsAtEnd { subscription }.into());
        }
        self.drop_next(Outcome::Replaced).await?;
        let target = self.context.head().await?;
        let delivery = self.context.delivery;
        delivery.empty(self.context).await?;
        self.empty(target).await?;
        delivery.emptied(&self.context.core);
        Ok(target)
    }

    /// Empties the read model and clears the checkpoint in one unit of work. If that fails, nothing was changed.
    pub(super) async fn empty(&mut self, target: Position) -> Result<(), NotBegun> {
        let checkpoints = Arc::clone(&self.context.checkpoints);
        let clear = CheckpointReset::new(&*self.context.core.name).owned_since(self.active.epoch).rebuild_to(target);
        let mut outages = 0;
        loop {
            let transactional = self.context.core.facts.is_transactional;
            let mut unit = if transactional { self.begin().await? } else { checkpoints.detached() };
            if transactional && let Err(error) = self.reshape(&mut unit).await {
                unit.rollback().await;
                match refusal(error) {
                    Ok(reason) => {
                        let subscription = self.context.core.name.clone();
                        return Err(RebuildError::Failed { subscription, reason }.into());
                    }
                    Err(outage) => {
                        outages += 1;
                        self.context.outage(with_causes(&outage), outages).await?;
                        continue;
                    }
                }
            }
            // A memory projection was emptied before.
            if !self.context.core.facts.keeps_state
                && let Err(error) = self.context.subscriber.truncate(&mut unit).await
            {
                let is_outage = unit.is_outage(error.source());
                unit.rollback().await;
                if !is_outage {
                    return Err(self.context.not_emptied(error).into());
                }
                outages += 1;
                self.context.outage(format!("{error} (met by the truncate hook)"), outages).await?;
                continue;
            }
            match unit.clear(&clear).await {
                Ok(()) => return Ok(()),
                Err(error @ (CommitError::NotOwned { .. } | CommitError::Fenced { .. })) => {
                    return Err(End::Fenced(error.to_string().into()).into());
                }
                Err(CommitError::Refused(error)) => return Err(self.context.not_emptied(error.into()).into()),
                Err(error @ (CommitError::TransactionEnded | CommitError::SessionChanged { .. })) => {
                    return Err(self.context.not_emptied(HandlerError::permanent(error)).into());
                }
                Err(CommitError::Failed(error)) => {
                    outages += 1;
                    self.context.outage(with_causes(&error), outages).await?;
                    // Read whether it was cleared: a cleared checkpoint has no owner.
                    let found = self.context.retry_until_up(|| checkpoints.load(&clear.name)).await?;
                    if found.is_none_or(|found| found.epoch != self.active.epoch) {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Replaces each declared table that does not have the columns of its model by an empty one.
    async fn reshape(&self, unit: &mut C::Unit) -> Result<(), CheckpointError> {
        let Some(generations) = self.context.checkpoints.generations() else { return Ok(()) };
        for left in generations.reshape(unit, &self.context.core.tables).await? {
            tracing::warn!(
                subscription = self.context.core.name,
                left,
                "not created again for the table: create it by hand"
            );
        }
        Ok(())
    }
}
