//! A rebuild side by side, on the side of the runner that serves: it starts the builder of the next generation, holds
//! still while the builder switches, and ends the builder.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::control::{hold_requested, stop_requested};
use super::shadow_build::{CutoverHold, ShadowSpec, generations, split_refusal, target};
use super::{End, Runner};
use crate::event::Position;
use crate::projection::generation::next_checkpoint;
use crate::projection::{Checkpoint, CheckpointStore, CommitError};
use crate::subscription::config::StartFrom;
use crate::subscription::rebuilds::{Outcome, Tracked};
use crate::subscription::requests::Request;
use crate::subscription::subscription_shared::{Control, SubscriptionShared};
use crate::subscription::{RebuildError, RebuildKind, StopReason, SubscriptionState};

/// The builder of the next generation, as the runner of the subscription sees it.
pub(super) struct ShadowBuild {
    core: Arc<SubscriptionShared>,
    task: JoinHandle<Result<(), CommitError>>,
    holds: mpsc::Receiver<CutoverHold>,
    tracked: Arc<Tracked>,
}

impl Drop for ShadowBuild {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A request of the builder to the runner of the subscription.
pub(super) enum CutoverRequest {
    ToHold(CutoverHold),
    /// The builder has ended.
    Nothing,
}

impl ShadowBuild {
    /// Waits for a request of the builder.
    pub(super) async fn asks(companion: &mut Option<Self>) -> CutoverRequest {
        match companion {
            Some(companion) => companion.holds.recv().await.map_or(CutoverRequest::Nothing, CutoverRequest::ToHold),
            None => std::future::pending().await,
        }
    }

    /// Returns a request that is waiting already.
    fn asks_now(&mut self) -> Option<CutoverRequest> {
        match self.holds.try_recv() {
            Ok(hold) => Some(CutoverRequest::ToHold(hold)),
            Err(mpsc::error::TryRecvError::Empty) => None,
            Err(mpsc::error::TryRecvError::Disconnected) => Some(CutoverRequest::Nothing),
        }
    }
}

impl<C: CheckpointStore> Runner<C> {
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

    /// The inner result fails if the next generation could not replace the present one, for example because of a view.
    async fn check_next(&mut self) -> Result<Result<(), RebuildError>, End> {
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        let checked = self
            .retry_until_up(|| async { split_refusal(generations(&*checkpoints)?.check(&core.tables).await) })
            .await?;
        Ok(checked.map_err(|reason| RebuildError::Failed { subscription: core.name.clone(), reason }))
    }

    /// Begins a requested side-by-side rebuild, or returns the one that is under way.
    pub(super) async fn rebuild_side_by_side(&mut self) -> Result<Result<Arc<Tracked>, RebuildError>, End> {
        if let Err(error) = self.refuse_side_by_side() {
            return Ok(Err(error));
        }
        if let Some(companion) = self.next.as_ref().filter(|companion| companion.tracked.is_unfinished()) {
            return Ok(Ok(Arc::clone(&companion.tracked)));
        }
        if self.rebuild_to.is_some() {
            let (subscription, reason) = (self.core.name.clone(), "it is being rebuilt in place".into());
            return Ok(Err(RebuildError::Failed { subscription, reason }));
        }
        if let Some(newer) = self.newer_next().await? {
            let reason = format!("a newer program is building version {newer} of the projection side by side").into();
            return Ok(Err(RebuildError::Failed { subscription: self.core.name.clone(), reason }));
        }
        if let Err(error) = self.check_next().await? {
            return Ok(Err(error));
        }
        self.drop_next(Outcome::Replaced).await?;
        let target = self.head().await?;
        Ok(Ok(self.begin_next(target, None, false)))
    }

    /// Begins to build the next generation, or continues the one whose checkpoint was `found`.
    fn begin_next(&mut self, target: Position, found: Option<&Checkpoint>, changed: bool) -> Arc<Tracked> {
        let (kind, start) = (RebuildKind::SideBySide, self.start);
        let tracked = match found {
            Some(found) => self.core.rebuilds.resume(kind, start, target, found.position),
            None => self.core.rebuilds.begin(kind, start, target),
        };
        let (holds, held) = mpsc::channel(1);
        let live = Arc::clone(&self.core);
        let core = Arc::new(SubscriptionShared::of_next(&live));
        let building = ShadowSpec { tables: live.tables.as_slice().into(), live, target, changed, holds };
        let (checkpoints, subscriber) = (Arc::clone(&self.checkpoints), Arc::clone(&self.subscriber));
        let runner = Self::new(Arc::clone(&core), checkpoints, subscriber).building(building, Arc::clone(&tracked));
        let task = tokio::spawn(runner.run());
        self.next = Some(ShadowBuild { core, task, holds: held, tracked: Arc::clone(&tracked) });
        tracked
    }

    /// Continues an unfinished next generation after a start, and drops one of another version of the projection.
    pub(super) async fn resume_next(&mut self) -> Result<(), End> {
        if self.next.is_some() || self.refuse_side_by_side().is_err() {
            return Ok(());
        }
        match self.found_next().await? {
            Some(found) if found.fingerprint == self.core.fingerprint => {
                self.begin_next(target(&found), Some(&found), false);
                Ok(())
            }
            // Another process builds a higher version of the projection.
            Some(found) if self.core.newer_version(&found.fingerprint).is_some() => Ok(()),
            Some(_) => self.drop_next(Outcome::Replaced).await,
            None => Ok(()),
        }
    }

    /// Reads the checkpoint of the next generation.
    async fn found_next(&mut self) -> Result<Option<Checkpoint>, End> {
        let (checkpoints, name) = (Arc::clone(&self.checkpoints), next_checkpoint(&self.core.name));
        self.retry_until_up(|| checkpoints.load(&name)).await
    }

    /// Returns the higher version of the projection of which another process builds the next generation.
    async fn newer_next(&mut self) -> Result<Option<u32>, End> {
        Ok(self.found_next().await?.and_then(|found| self.core.newer_version(&found.fingerprint)))
    }

    /// Ends the builder and drops what it has built. Keeps a next generation of a higher version, which belongs to
    /// another process.
    pub(super) async fn drop_next(&mut self, outcome: Outcome) -> Result<(), End> {
        self.end_next(StopReason::RebuildCancelled, Some(outcome)).await;
        if self.refuse_side_by_side().is_err() || self.newer_next().await?.is_some() {
            return Ok(());
        }
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        let discard = || async { split_refusal(generations(&*checkpoints)?.discard(&core.name, &core.tables).await) };
        if let Err(reason) = self.retry_until_up(discard).await? {
            // The next builder fails because of these tables, and reports that.
            tracing::warn!(subscription = core.name, %reason, "the tables of a next generation cannot be dropped");
        }
        Ok(())
    }

    /// Ends the builder and keeps what it has built.
    pub(super) async fn end_next(&mut self, reason: StopReason, outcome: Option<Outcome>) {
        let Some(mut companion) = self.next.take() else { return };
        companion.core.control.send_replace(Control::Stop(reason));
        // The builder may wait for the answer to its request.
        companion.holds.close();
        while companion.holds.recv().await.is_some() {}
        let _ = (&mut companion.task).await;
        if let Some(outcome) = outcome {
            companion.tracked.end(outcome);
        }
    }

    /// Passes a command on to the builder.
    pub(super) fn tell_next(&self, control: Control) {
        if let Some(companion) = &self.next {
            companion.core.control.send_replace(control);
        }
    }

    /// Serves a waiting request of the builder.
    pub(super) async fn serve_next(&mut self) -> Result<(), End> {
        match self.next.as_mut().and_then(ShadowBuild::asks_now) {
            Some(asked) => self.serve_asked(asked).await,
            None => Ok(()),
        }
    }

    /// Holds still while the builder switches, and continues with the generation that serves after that.
    pub(super) async fn serve_asked(&mut self, asked: CutoverRequest) -> Result<(), End> {
        let CutoverRequest::ToHold(hold) = asked else {
            self.end_next(StopReason::RebuildCancelled, None).await;
            return Ok(());
        };
        self.is_replaced = true;
        let CutoverHold { ready, mut over } = hold;
        if ready.send(self.position).is_ok() {
            tokio::select! {
                _ = &mut over => {}
                // A stop also stops the builder, but the outcome of the switch must be known first.
                reason = stop_requested(&mut self.control) => {
                    self.tell_next(Control::Stop(reason));
                    let _ = over.await;
                }
            }
        }
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        let found = self.retry_until_up(|| checkpoints.load(&core.name)).await?;
        if found.is_none_or(|found| found.epoch != self.epoch) {
            (self.prefetched, self.end, self.heartbeat) = (None, None, None);
            self.claim_stored(self.start).await?;
            self.core.progress.advance(self.position, 0, self.working());
        }
        self.is_replaced = false;
        Ok(())
    }

    /// The projection has changed: builds its present version side by side. The version with the fingerprint `stored`
    /// serves, unchanged, until then.
    pub(super) async fn build_changed(&mut self, stored: &str) -> Result<(), End> {
        let refused = |error: &dyn std::fmt::Display, core: &SubscriptionShared| {
            End::Refused(format!("{}; {error}", core.changed(stored)).into())
        };
        if let Err(error) = self.refuse_side_by_side() {
            return Err(refused(&error, &self.core));
        }
        if let Err(error) = self.check_next().await? {
            return Err(refused(&error, &self.core));
        }
        let found = self.found_next().await?.filter(|found| found.fingerprint == self.core.fingerprint);
        let target = match &found {
            Some(found) => target(found),
            None => self.head().await?,
        };
        tracing::warn!(
            subscription = self.core.name,
            stored,
            current = self.core.fingerprint,
            "the projection has changed"
        );
        let tracked = self.begin_next(target, found.as_ref(), true);
        let building = |core: &SubscriptionShared| {
            let target = core.rebuilds.unfinished().map_or(target, |tracked| tracked.target);
            SubscriptionState::Rebuilding { kind: RebuildKind::SideBySide, target }
        };
        match self.wait_for_next(&tracked, building).await? {
            Outcome::Failed(reason) => Err(refused(&reason, &self.core)),
            // The builder has ended without an outcome.
            Outcome::Unfinished => Err(End::Stopped(StopReason::RunnerPanicked)),
            Outcome::Cancelled => Err(End::Stopped(StopReason::RebuildCancelled)),
            Outcome::Done(_) | Outcome::Replaced => Ok(()),
        }
    }

    /// Waits until the next generation serves or its builder has ended, and returns the outcome. Applies no events.
    /// Until then, the subscription has the given `state`.
    pub(super) async fn wait_for_next(
        &mut self,
        tracked: &Tracked,
        state: impl Fn(&SubscriptionShared) -> SubscriptionState,
    ) -> Result<Outcome, End> {
        loop {
            self.poll_control().await?;
            if self.is_cancelled().await? {
                return Ok(Outcome::Cancelled);
            }
            let builder = self.next.as_ref().map(|companion| companion.core.progress.snapshot().state);
            self.core.progress.set_state(match builder {
                Some(aside @ (SubscriptionState::Fenced { .. } | SubscriptionState::Outdated { .. })) => aside,
                _ => state(&self.core),
            });
            let asked = tokio::select! {
                asked = ShadowBuild::asks(&mut self.next) => asked,
                () = self.core.requests.waiting() => continue,
                () = sleep(self.core.config.poll_interval) => continue,
                () = hold_requested(&mut self.control) => continue,
            };
            match asked {
                CutoverRequest::ToHold(hold) => {
                    // This runner applies nothing, so it holds still already. An owner in another process is fenced.
                    if hold.ready.send(Position::START).is_ok() {
                        let _ = hold.over.await;
                    }
                }
                CutoverRequest::Nothing => {
                    self.end_next(StopReason::RebuildCancelled, None).await;
                    let outcome = tracked.listen().borrow().clone();
                    return Ok(outcome);
                }
            }
        }
    }

    /// Drops the next generation if that was requested, and returns whether it was. Drops all other requests.
    async fn is_cancelled(&mut self) -> Result<bool, End> {
        while let Some(request) = self.core.requests.take() {
            if let Request::CancelNext { answer } = request {
                self.drop_next(Outcome::Cancelled).await?;
                answer.send(());
                return Ok(true);
            }
        }
        Ok(false)
    }
}
