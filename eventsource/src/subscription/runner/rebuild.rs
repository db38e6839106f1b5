//! Rebuilds in place: empties the read model together with the checkpoint, and replays the log.
//!
//! ```text
//! truncate and clear the checkpoint, in one unit -> claim the checkpoint, which stores the target -> replay
//! ```
//!
//! The next owner of such a checkpoint, after a crash or in another process, continues the rebuild.

use std::sync::Arc;

use super::failing::Failing;
use super::outdated::{Obstacle, Outdated};
use super::shadow_build::split_refusal;
use super::{End, Runner};
use crate::causes::with_causes;
use crate::event::Position;
use crate::projection::{
    CheckpointError, CheckpointReset, CheckpointStore, Claim, CommitError, HandlerError, NoTruncateHook,
    UnitOfWork as _,
};
use crate::subscription::config::{OnChange, StartFrom};
use crate::subscription::rebuilds::{Outcome, Tracked};
use crate::subscription::{RebuildError, RebuildKind, StopReason};

impl<C: CheckpointStore> Runner<C> {
    /// Begins a requested rebuild.
    pub(super) async fn rebuild(&mut self, kind: RebuildKind) -> Result<Result<Arc<Tracked>, RebuildError>, End> {
        if kind == RebuildKind::SideBySide {
            return self.rebuild_side_by_side().await;
        }
        self.delivery.rebuild(self).await
    }

    /// Continues a rebuild up to `target`, if there is one.
    pub(super) fn go_on_rebuilding(&mut self, target: Option<Position>) {
        self.rebuild_to = target;
        if self.building.is_some() {
            return;
        }
        self.rebuild = target.map(|to| self.core.rebuilds.resume(RebuildKind::InPlace, self.start, to, self.position));
        if target.is_none()
            && let Some(tracked) =
                self.core.rebuilds.unfinished().filter(|tracked| tracked.kind == RebuildKind::InPlace)
        {
            // Another process has finished it.
            tracked.end(Outcome::Done(self.position));
        }
        self.rebuilt();
    }

    /// Notes how far the rebuild is.
    pub(super) fn rebuilt(&mut self) {
        if let Some(tracked) = &self.rebuild {
            tracked.move_to(self.position);
        }
        let Some(target) = self.rebuild_to else { return };
        if self.position >= target {
            self.rebuild_to = None;
            if self.building.is_some() {
                // A next generation is complete when it serves.
                return;
            }
            if let Some(tracked) = self.rebuild.take() {
                tracked.end(Outcome::Done(self.position));
            }
            tracing::info!(subscription = self.core.name, position = %self.position, "rebuilt");
        }
    }

    /// Empties the read model and clears the checkpoint in one unit of work, claims the checkpoint, and begins the
    /// replay.
    pub(super) async fn rebuild_stored(&mut self) -> Result<Result<Arc<Tracked>, RebuildError>, End> {
        if self.core.config.start == StartFrom::End {
            return Ok(Err(RebuildError::StartsAtEnd { subscription: self.core.name.clone() }));
        }
        self.drop_next(Outcome::Replaced).await?;
        let target = self.head().await?;
        if let Err(error) = self.delivery.empty(self).await {
            return Ok(Err(error));
        }
        if let Err(error) = self.empty(target).await? {
            return Ok(Err(error));
        }
        self.delivery.emptied(self);
        self.heartbeat = None;
        self.fall_behind();
        self.claim_stored(self.start).await?;
        Ok(Ok(self.begin_replay(target)))
    }

    /// Leaves the live state, and forgets the end of the log: the read model is empty.
    pub(super) fn fall_behind(&mut self) {
        (self.prefetched, self.end) = (None, None);
        self.core.progress.set_state(self.working());
    }

    /// Begins the replay of the log at the runner's position.
    pub(super) fn begin_replay(&mut self, target: Position) -> Arc<Tracked> {
        self.unreported = 0;
        self.failing = Failing::new(self.core.config.failures.limit);
        self.tell_letters();
        let tracked = self.core.rebuilds.begin(RebuildKind::InPlace, self.start, target);
        (self.rebuild_to, self.rebuild) = (Some(target), Some(Arc::clone(&tracked)));
        self.rebuilt();
        tracing::info!(subscription = self.core.name, %target, "rebuilding: the read model is empty");
        self.core.progress.advance(self.position, 0, self.working());
        tracked
    }

    /// Empties the read model and clears the checkpoint in one unit of work. If that fails, nothing was changed.
    async fn empty(&mut self, target: Position) -> Result<Result<(), RebuildError>, End> {
        let checkpoints = Arc::clone(&self.checkpoints);
        let clear = CheckpointReset::new(&*self.core.name).owned_since(self.epoch).rebuild_to(target);
        let mut outages = 0;
        loop {
            let transactional = self.core.facts.is_transactional;
            let mut unit = if transactional { self.begin().await? } else { checkpoints.detached() };
            if transactional && let Err(error) = self.reshape(&mut unit).await {
                unit.rollback().await;
                match split_refusal(Err(error)) {
                    Ok(refused) => {
                        let subscription = self.core.name.clone();
                        return Ok(refused.map_err(|reason| RebuildError::Failed { subscription, reason }));
                    }
                    Err(outage) => {
                        outages += 1;
                        self.outage(with_causes(&outage), outages).await?;
                        continue;
                    }
                }
            }
            // A memory projection was emptied before.
            if !self.core.facts.keeps_state
                && let Err(error) = self.subscriber.truncate(&mut unit).await
            {
                let is_outage = unit.is_outage(error.source());
                unit.rollback().await;
                if !is_outage {
                    return Ok(Err(self.not_emptied(error)));
                }
                outages += 1;
                self.outage(format!("{error} (met by the truncate hook)"), outages).await?;
                continue;
            }
            match unit.clear(&clear).await {
                Ok(()) => return Ok(Ok(())),
                Err(error @ (CommitError::NotOwned { .. } | CommitError::Fenced { .. })) => {
                    return Err(End::Fenced(error.to_string().into()));
                }
                Err(CommitError::Refused(error)) => return Ok(Err(self.not_emptied(error.into()))),
                Err(error @ CommitError::TransactionEnded) => {
                    return Ok(Err(self.not_emptied(HandlerError::permanent(error))));
                }
                Err(error @ CommitError::SessionChanged { .. }) => {
                    return Ok(Err(self.not_emptied(HandlerError::permanent(error))));
                }
                Err(CommitError::Failed(error)) => {
                    outages += 1;
                    self.outage(with_causes(&error), outages).await?;
                    // Read whether it was cleared: a cleared checkpoint has no owner.
                    let found = self.retry_until_up(|| checkpoints.load(&clear.name)).await?;
                    if found.is_none_or(|found| found.epoch != self.epoch) {
                        return Ok(Ok(()));
                    }
                }
            }
        }
    }

    /// Replaces each declared table that does not have the columns of its model by an empty one.
    async fn reshape(&self, unit: &mut C::Unit) -> Result<(), CheckpointError> {
        let Some(generations) = self.checkpoints.generations() else { return Ok(()) };
        for left in generations.reshape(unit, &self.core.tables).await? {
            tracing::warn!(subscription = self.core.name, left, "not created again for the table: create it by hand");
        }
        Ok(())
    }

    pub(super) fn not_emptied(&self, error: HandlerError) -> RebuildError {
        let subscription = self.core.name.clone();
        if error.is_caused_by::<NoTruncateHook>() {
            RebuildError::NoTruncateHook { subscription }
        } else {
            RebuildError::Truncate { subscription, error }
        }
    }

    /// Stops the subscription if the state of a memory projection is unknown.
    pub(super) fn is_whole(&self) -> Result<(), End> {
        if self.core.in_memory.is_poisoned() { Err(End::Stopped(StopReason::StateUnknown)) } else { Ok(()) }
    }

    /// Checks the fingerprint of the checkpoint before it is claimed. A checkpoint of a higher version of the
    /// projection is not touched. A checkpoint of another version is refused or rebuilt, as the configuration says.
    /// Returns whether the checkpoint can be claimed now.
    pub(super) async fn poll_change(&mut self) -> Result<bool, End> {
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        let Some(found) = self.retry_until_up(|| checkpoints.load(&core.name)).await? else { return Ok(true) };
        if found.fingerprint == core.fingerprint {
            self.is_confirmed = true;
            return Ok(true);
        }
        if let Some(newer) = core.newer_version(&found.fingerprint) {
            let reason = core.older_than(newer, &found.fingerprint).into();
            return Err(match core.config.on_change {
                OnChange::Refuse => End::Refused(reason),
                _ => End::Outdated(Outdated { reason, obstacle: Obstacle::Version }),
            });
        }
        if self.is_confirmed {
            // Otherwise two processes would replace each other's read model in turns.
            return Err(End::Refused(core.replaced(&found.fingerprint).into()));
        }
        // No other process reads the state of a durable memory projection.
        match if core.facts.stores_state() { OnChange::Rebuild } else { core.config.on_change } {
            OnChange::Rebuild => self.rebuild_changed(&found.fingerprint).await.map(|()| false),
            OnChange::RebuildSideBySide => self.build_changed(&found.fingerprint).await.map(|()| false),
            OnChange::Refuse => Err(End::Refused(core.changed(&found.fingerprint).into())),
        }
    }

    /// Empties the read model of the version with the fingerprint `stored`. The checkpoint keeps this fingerprint until
    /// that is done, so that the next owner after a crash finds the change too.
    async fn rebuild_changed(&mut self, stored: &str) -> Result<(), End> {
        let core = Arc::clone(&self.core);
        if core.config.start == StartFrom::End {
            let error = RebuildError::StartsAtEnd { subscription: core.name.clone() };
            return Err(End::Refused(format!("{}; {error}", core.changed(stored)).into()));
        }
        let claim = Claim::new(&core.name, stored, self.start).under(self.lease()).unless_changed();
        let Some(checkpoint) = self.try_claim(&claim).await? else { return Ok(()) };
        self.own(&checkpoint);
        tracing::warn!(subscription = core.name, stored, current = core.fingerprint, "the projection has changed");
        self.drop_next(Outcome::Replaced).await?;
        let target = self.head().await?;
        let emptied = self.empty(target).await?;
        self.heartbeat = None;
        emptied.map_err(|error| End::Refused(format!("{}; {error}", core.changed(stored)).into()))
    }
}
