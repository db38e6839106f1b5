//! Building the next generation of read models, beside the runner of the subscription.
//!
//! ```text
//! claim the next generation's checkpoint -> [ read a page -> apply it ]* -> at the end of the log, ask the one that serves
//! to hold still -> pass where it is -> switch, in one transaction -> it goes on with the new generation
//! ```

use std::convert::Infallible;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};

use super::{End, Runner};
use crate::causes::with_causes;
use crate::event::Position;
use crate::projection::{
    Checkpoint, CheckpointError, CheckpointStore, Claim, ClaimError, Generations, Switch, Switched, Table,
};
use crate::subscription::RebuildKind;
use crate::subscription::rebuilds::Outcome;
use crate::subscription::recognise::Remembered;
use crate::subscription::subscription_shared::SubscriptionShared;

/// What a runner knows that builds the next generation for another one.
pub(super) struct ShadowSpec {
    /// The subscription whose next generation it is.
    pub(super) live: Arc<SubscriptionShared>,
    pub(super) tables: Arc<[&'static Table]>,
    /// Where the log ended when the rebuild was asked for.
    pub(super) target: Position,
    /// Whether it is built because the projection has changed, until somebody has switched to it.
    pub(super) changed: bool,
    /// To the runner of the subscription.
    pub(super) holds: mpsc::Sender<CutoverHold>,
}

/// A request to hold still: to apply nothing until it is known what became of a switch.
pub(super) struct CutoverHold {
    /// Takes the position at which it holds still.
    pub(super) ready: oneshot::Sender<Position>,
    /// Ends when it need not any more.
    pub(super) over: oneshot::Receiver<()>,
}

/// The generations of a store that was found to keep them.
pub(super) fn generations<C: CheckpointStore>(checkpoints: &C) -> Result<&dyn Generations<C::Unit>, CheckpointError> {
    checkpoints.generations().ok_or_else(|| CheckpointError::Failed {
        action: "build a next generation".to_owned(),
        source: "the checkpoint store keeps no generations of read models".into(),
    })
}

/// What a store answers to a question. What it refuses for good is an answer, and not asked again.
pub(super) fn heard<T>(answer: Result<T, CheckpointError>) -> Result<Result<T, Arc<str>>, CheckpointError> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(CheckpointError::Refused { reason, .. }) => Ok(Err(reason)),
        Err(error @ CheckpointError::Corrupt { .. }) => Ok(Err(error.to_string().into())),
        Err(error) => Err(error),
    }
}

/// Why the checkpoint of a next generation was not claimed.
enum NotClaimed {
    Held(String, DateTime<Utc>),
    Refused(Arc<str>),
}

impl<C: CheckpointStore> Runner<C> {
    /// Builds the next generation until it serves.
    pub(super) async fn build(&mut self, building: Arc<ShadowSpec>) -> Result<Infallible, End> {
        self.start = self.find_start().await?;
        self.claim_next(&building).await?;
        loop {
            self.poll_control().await?;
            // Letters that were released before the last stop.
            self.serve_requests().await?;
            if self.step_log().await? || self.retrying.is_some() {
                continue;
            }
            if self.take_over(&building).await? {
                return Err(End::Serves);
            }
            self.idle().await?;
        }
    }

    async fn claim_next(&mut self, building: &ShadowSpec) -> Result<(), End> {
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        let log = self.log_id().await?;
        let claim = Claim::new(&core.name, &core.fingerprint, self.start).in_log(log).under(self.lease());
        let checkpoint = loop {
            if building.changed {
                let live = self.retry_until_up(|| checkpoints.load(&building.live.name)).await?;
                if let Some(live) = live.filter(|live| live.fingerprint == core.fingerprint) {
                    // Another process has built it.
                    self.finish(live.position);
                    return Err(End::Serves);
                }
                self.give_way_to_newer(building).await?;
            }
            let answer = self.retry_until_up(|| async {
                match generations(&*checkpoints)?.claim_next(&claim, building.target, &building.tables).await {
                    Ok(checkpoint) => Ok(Ok(checkpoint)),
                    Err(ClaimError::Held { owner, until, .. }) => Ok(Err(NotClaimed::Held(owner, until))),
                    // It does not ask for that.
                    Err(changed @ ClaimError::Changed { .. }) => {
                        Ok(Err(NotClaimed::Refused(changed.to_string().into())))
                    }
                    Err(ClaimError::Store(error)) => {
                        heard(Err(error)).map(|refused: Result<_, _>| refused.map_err(NotClaimed::Refused))
                    }
                }
            });
            match answer.await? {
                Ok(checkpoint) => break checkpoint,
                Err(NotClaimed::Held(owner, until)) => self.stand_by(owner, until).await?,
                Err(NotClaimed::Refused(reason)) => return Err(End::Refused(reason)),
            }
        };
        self.own_next(building, &checkpoint);
        self.recognise(Remembered::of(&checkpoint, self.start)).await?;
        self.load_letters().await
    }

    fn own_next(&mut self, building: &ShadowSpec, checkpoint: &Checkpoint) {
        self.own(checkpoint);
        let target = super::shadow::target(checkpoint);
        let rebuilds = &building.live.rebuilds;
        let tracked = rebuilds.resume(RebuildKind::SideBySide, self.start, target, self.position);
        tracked.move_to(self.position);
        self.rebuild = Some(tracked);
        tracing::info!(
            subscription = building.live.name, position = %self.position, %target,
            "building the next generation beside the one that serves"
        );
        self.core.progress.advance(self.position, 0, self.working());
    }

    /// The next generation serves, at `position`.
    fn finish(&mut self, position: Position) {
        if let Some(tracked) = &self.rebuild {
            tracked.end(Outcome::Done(position));
        }
    }

    /// At the end of the log: puts the next generation in the place of the one that serves, while that one's runner holds
    /// still. Whether it serves now.
    async fn take_over(&mut self, building: &ShadowSpec) -> Result<bool, End> {
        let ((ready, at), (over, hold_over)) = (oneshot::channel(), oneshot::channel());
        let hold = CutoverHold { ready, over: hold_over };
        // Who does not take it has ended, or ends: it stops this runner as well.
        if self.unless_stopped(building.holds.send(hold)).await?.is_err() {
            return Ok(false);
        }
        let Ok(at) = self.unless_stopped(at).await? else { return Ok(false) };
        while self.position < at {
            self.poll_control().await?;
            self.step_log().await?;
        }
        if self.has_unsaved() {
            self.save_passed().await?;
        }
        let switched = self.switch(building).await;
        drop(over);
        switched
    }

    async fn try_switch(&self, switch: &Switch) -> Result<Switched, CheckpointError> {
        generations(&*self.checkpoints)?.switch(switch).await
    }

    /// Whether the position of the checkpoint that serves means nothing: it does not count in the log that is there.
    async fn has_lost_its_log(&mut self, building: &ShadowSpec) -> Result<bool, End> {
        let (checkpoints, store, start) = (Arc::clone(&self.checkpoints), Arc::clone(&self.core.store), self.start);
        let Some(live) = self.retry_until_up(|| checkpoints.load(&building.live.name)).await? else { return Ok(false) };
        Ok(self.retry_until_up(|| async { Remembered::of(&live, start).compare(&*store).await }).await?.is_err())
    }

    /// Ends where a higher version of the projection serves by now: that is not replaced. Returns the fingerprint of the
    /// projection that serves.
    async fn give_way_to_newer(&mut self, building: &ShadowSpec) -> Result<Option<String>, End> {
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        let live = self.retry_until_up(|| checkpoints.load(&building.live.name)).await?;
        if live.as_ref().is_none_or(|live| core.newer_version(&live.fingerprint).is_none()) {
            return Ok(live.map(|live| live.fingerprint));
        }
        if let Some(tracked) = &self.rebuild {
            tracked.end(Outcome::Replaced);
        }
        Err(End::Serves)
    }

    async fn switch(&mut self, building: &ShadowSpec) -> Result<bool, End> {
        let (core, checkpoints, name) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints), &building.live.name);
        let mut switch = Switch::new(name.clone(), self.epoch, self.saved, &building.tables);
        // It is compared again in the transaction of the switch: another process may replace it in between.
        switch = match building.changed {
            true => match self.give_way_to_newer(building).await? {
                Some(serves) => switch.replacing(serves),
                None => switch,
            },
            false => switch.replacing(core.fingerprint.clone()),
        };
        let mut switched = self.try_switch(&switch).await;
        if let Ok(Switched::Behind(_)) = switched
            && self.has_lost_its_log(building).await?
        {
            switch = switch.at_any_position();
            switched = self.try_switch(&switch).await;
        }
        match switched {
            Ok(Switched::Yes { left }) => {
                for left in left {
                    tracing::warn!(
                        subscription = name,
                        left,
                        "not made again for the next generation: make it by hand"
                    );
                }
            }
            Ok(Switched::Behind(live)) => {
                tracing::debug!(subscription = name, at = %self.saved, %live, "the one that serves is further on");
                return Ok(false);
            }
            Ok(Switched::Changed { found }) => {
                tracing::info!(subscription = name, found, "another projection serves by now");
                if !building.changed {
                    return Err(End::Fenced(building.live.replaced(&found).into()));
                }
                return Ok(false);
            }
            Ok(Switched::Fenced) => {
                let reason = format!("the next generation of `{name}` was taken over by another runner");
                return Err(End::Fenced(reason.into()));
            }
            // What was built stays: the next start tries the switch again, and another rebuild begins from the start.
            Err(error @ (CheckpointError::Refused { .. } | CheckpointError::Corrupt { .. })) => {
                return Err(End::Refused(error.to_string().into()));
            }
            Err(error) => {
                self.failed_commits += 1;
                self.outage(with_causes(&error), self.failed_commits).await?;
                // Whether it was done is read back, not guessed: what serves is no next generation any more.
                let next = self.retry_until_up(|| checkpoints.load(&core.name)).await?;
                if next.is_some_and(|next| next.epoch == self.epoch) {
                    return Ok(false);
                }
                let live = self.retry_until_up(|| checkpoints.load(name)).await?;
                if live.is_none_or(|live| live.position < switch.position || live.fingerprint != core.fingerprint) {
                    let reason = format!("the next generation of `{name}` was dropped by another runner");
                    return Err(End::Fenced(reason.into()));
                }
            }
        }
        tracing::info!(subscription = name, position = %self.saved, "the next generation serves");
        self.finish(self.saved);
        Ok(true)
    }
}
