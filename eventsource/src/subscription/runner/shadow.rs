//! A rebuild side by side, on the side of the runner that serves: it starts the builder of the next generation, holds
//! still while the builder switches, and ends the builder.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::next_generation::{Judged, generations, judged, target};
use super::rebuild::NotBegun;
use super::resume::Resume;
use super::shadow_build::ShadowBuild;
use super::shadow_task::{CutoverHold, CutoverRequest, ShadowSpec, ShadowTask, end_next};
use super::{Context, End, Owner};
use crate::event::Position;
use crate::projection::generation::next_checkpoint;
use crate::projection::operations::Pause;
use crate::projection::{Checkpoint, CheckpointStore};
use crate::subscription::config::StartFrom;
use crate::subscription::rebuild::tracked::{Outcome, Tracked};
use crate::subscription::subscription_shared::SubscriptionShared;
use crate::subscription::{RebuildError, RebuildKind, StopReason};

impl<C: CheckpointStore> Context<C> {
    /// Fails if there can be no next generation of the read models.
    fn refuse_side_by_side(&self) -> Result<(), RebuildError> {
        let subscription = self.core.name.clone();
        if !self.core.facts.is_transactional || self.core.tables.is_empty() {
            return Err(RebuildError::NoReadModels { subscription });
        }
        if self.core.config.start == StartFrom::End {
            return Err(RebuildError::StartsAtEnd { subscription });
        }
        if self.checkpoints.generations().is_none() {
            return Err(RebuildError::NoGenerations { subscription });
        }
        Ok(())
    }

    /// Fails if the next generation could not replace the present one, for example because of a view.
    pub(super) async fn check_next(&mut self) -> Result<(), NotBegun> {
        self.refuse_side_by_side()?;
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        let check = || async { judged(generations(&*checkpoints)?.check(&core.tables).await) };
        match self.retry_until_up(check).await? {
            Judged::Done(()) => Ok(()),
            Judged::Refused(reason) => Err(RebuildError::Failed { subscription: core.name.clone(), reason }.into()),
        }
    }

    /// Begins to build the next generation, or continues the one whose checkpoint was `found`.
    pub(super) fn build_next(
        &self,
        target: Position,
        found: Option<&Checkpoint>,
        changed: bool,
        hold: Option<Pause>,
    ) -> ShadowTask {
        let (kind, start) = (RebuildKind::SideBySide, self.start);
        let tracked = match found {
            Some(found) => self.core.rebuilds.resume(kind, start, target, found.position),
            None => self.core.rebuilds.begin(kind, start, target),
        };
        let (holds, held) = mpsc::channel(1);
        let live = Arc::clone(&self.core);
        let core = Arc::new(SubscriptionShared::of_next(&live));
        let spec = ShadowSpec { tables: live.tables.as_slice().into(), live, target, changed, hold, holds };
        let context = Self::new(Arc::clone(&core), Arc::clone(&self.checkpoints), Arc::clone(&self.subscriber));
        let task = tokio::spawn(ShadowBuild::new(context, spec, Arc::clone(&tracked)).run());
        ShadowTask::new(core, task, held, tracked)
    }

    /// Reads the checkpoint of the next generation.
    pub(super) async fn found_next(&mut self) -> Result<Option<Checkpoint>, End> {
        let (checkpoints, name) = (Arc::clone(&self.checkpoints), next_checkpoint(&self.core.name));
        self.retry_until_up(|| checkpoints.load(&name)).await
    }

    /// Returns the higher version of the projection of which another process builds the next generation.
    async fn newer_next(&mut self) -> Result<Option<u32>, End> {
        Ok(self.found_next().await?.and_then(|found| self.core.newer_version(&found.fingerprint)))
    }

    /// Holds the next generation.
    async fn hold_next(&mut self, hold: &Pause) -> Result<(), End> {
        let (checkpoints, name) = (Arc::clone(&self.checkpoints), next_checkpoint(&self.core.name));
        let store = || async {
            match checkpoints.operations() {
                Some(operations) => operations.pause(&name, hold).await,
                None => Ok(()),
            }
        };
        self.retry_until_up(store).await
    }

    /// Ends the builder and drops what it has built. Keeps a next generation of a higher version, which belongs to
    /// another process.
    pub(super) async fn drop_next(&mut self, next: &mut Option<ShadowTask>, outcome: Outcome) -> Result<(), End> {
        end_next(next, StopReason::RebuildCancelled, Some(outcome)).await;
        if self.refuse_side_by_side().is_err() || self.newer_next().await?.is_some() {
            return Ok(());
        }
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        let discard = || async { judged(generations(&*checkpoints)?.discard(&core.name, &core.tables).await) };
        if let Judged::Refused(reason) = self.retry_until_up(discard).await? {
            // The next builder fails because of these tables, and reports that.
            tracing::warn!(subscription = core.name, %reason, "the tables of a next generation cannot be dropped");
        }
        Ok(())
    }
}

impl<C: CheckpointStore> Owner<'_, C> {
    /// Begins a requested side-by-side rebuild, or returns the one that is under way, which is held from now on if that is
    /// asked.
    pub(super) async fn rebuild_side_by_side(&mut self, hold: Option<Pause>) -> Result<Arc<Tracked>, NotBegun> {
        self.context.refuse_side_by_side()?;
        if let Some(next) = self.active.next.as_ref().filter(|next| next.tracked().is_unfinished()) {
            let tracked = Arc::clone(next.tracked());
            if let Some(hold) = hold {
                self.context.hold_next(&hold).await?;
            }
            return Ok(tracked);
        }
        let subscription = self.context.core.name.clone();
        if self.active.replay.target().is_some() {
            let reason = "it is being rebuilt in place".into();
            return Err(RebuildError::Failed { subscription, reason }.into());
        }
        if let Some(newer) = self.context.newer_next().await? {
            let reason = format!("a newer program is building version {newer} of the projection side by side").into();
            return Err(RebuildError::Failed { subscription, reason }.into());
        }
        self.context.check_next().await?;
        self.drop_next(Outcome::Replaced).await?;
        let target = self.context.head().await?;
        let next = self.active.next.insert(self.context.build_next(target, None, false, hold));
        Ok(Arc::clone(next.tracked()))
    }

    /// Continues an unfinished next generation after a start, and drops one of another version of the projection.
    pub(super) async fn resume_next(&mut self) -> Result<(), End> {
        if self.active.next.is_some() || self.context.refuse_side_by_side().is_err() {
            return Ok(());
        }
        match self.context.found_next().await? {
            Some(found) if found.fingerprint == self.context.core.fingerprint => {
                self.active.next = Some(self.context.build_next(target(&found), Some(&found), false, None));
                Ok(())
            }
            // Another process builds a higher version of the projection.
            Some(found) if self.context.core.newer_version(&found.fingerprint).is_some() => Ok(()),
            Some(_) => self.drop_next(Outcome::Replaced).await,
            None => Ok(()),
        }
    }

    /// Ends the builder and drops what it has built.
    pub(super) async fn drop_next(&mut self, outcome: Outcome) -> Result<(), End> {
        self.context.drop_next(&mut self.active.next, outcome).await
    }

    /// Serves a waiting request of the builder.
    pub(super) async fn serve_next(&mut self) -> Result<(), End> {
        match self.active.next.as_mut().and_then(ShadowTask::asks_now) {
            Some(asked) => self.serve_asked(asked).await,
            None => Ok(()),
        }
    }

    /// Holds still while the builder switches, and continues with the generation that serves after that.
    pub(super) async fn serve_asked(&mut self, asked: CutoverRequest) -> Result<(), End> {
        let CutoverRequest::ToHold(hold) = asked else {
            end_next(&mut self.active.next, StopReason::RebuildCancelled, None).await;
            return Ok(());
        };
        self.active.is_replaced = true;
        let CutoverHold { ready, over } = hold;
        if ready.send(self.active.position).is_ok() {
            // A stop also stops the builder, but the outcome of the switch must be known first.
            let _ = over.await;
        }
        let (core, checkpoints) = (Arc::clone(&self.context.core), Arc::clone(&self.context.checkpoints));
        let found = self.context.retry_until_up(|| checkpoints.load(&core.name)).await?;
        if found.is_none_or(|found| found.epoch != self.active.epoch) {
            return Err(End::Reclaim(Box::new(Resume { empty: None, retrying: self.active.retrying.take() })));
        }
        self.active.is_replaced = false;
        Ok(())
    }
}
