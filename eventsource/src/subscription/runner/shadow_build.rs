//! A rebuild side by side, on the side of the builder: builds the next generation of read models while the runner of
//! the subscription serves.
//!
//! ```text
//! claim the checkpoint of the next generation -> [ read a page -> apply it ]* -> at the end of the log, ask the runner
//! that serves to hold still -> pass its position -> switch in one transaction -> that runner continues with the new tables
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

/// What the builder of a next generation knows.
pub(super) struct ShadowSpec {
    /// The subscription whose next generation it builds.
    pub(super) live: Arc<SubscriptionShared>,
    pub(super) tables: Arc<[&'static Table]>,
    /// The end of the log when the rebuild was requested.
    pub(super) target: Position,
    /// Whether the projection has changed, and the runner waits for the switch.
    pub(super) changed: bool,
    /// To the runner of the subscription.
    pub(super) holds: mpsc::Sender<CutoverHold>,
}

/// A request to hold still: to apply nothing until the outcome of a switch is known.
pub(super) struct CutoverHold {
    /// The runner sends the position at which it holds still.
    pub(super) ready: oneshot::Sender<Position>,
    /// Closed by the builder when the runner may continue.
    pub(super) over: oneshot::Receiver<()>,
}

/// Returns the target of a next generation. After it has reached its target, its position counts.
pub(super) fn target(next: &Checkpoint) -> Position {
    next.rebuild_to.unwrap_or(next.position)
}

/// Returns the generations of the checkpoint store.
pub(super) fn generations<C: CheckpointStore>(checkpoints: &C) -> Result<&dyn Generations<C::Unit>, CheckpointError> {
    checkpoints.generations().ok_or_else(|| CheckpointError::Failed {
        action: "build a next generation".to_owned(),
        source: "the checkpoint store keeps no generations of read models".into(),
    })
}

/// Splits an answer of a store: a refusal is final and becomes the inner error, an outage stays the outer one.
pub(super) fn split_refusal<T>(answer: Result<T, CheckpointError>) -> Result<Result<T, Arc<str>>, CheckpointError> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(CheckpointError::Refused { reason, .. }) => Ok(Err(reason)),
        Err(error @ CheckpointError::Corrupt { .. }) => Ok(Err(with_causes(&error).into())),
        Err(error) => Err(error),
    }
}

/// Why the checkpoint of the next generation was not claimed.
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
            // There may be letters that were released before the last stop.
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
                    // Cannot happen: the claim does not ask for this check.
                    Err(changed @ ClaimError::Changed { .. }) => {
                        Ok(Err(NotClaimed::Refused(changed.to_string().into())))
                    }
                    Err(ClaimError::Store(error)) => {
                        split_refusal(Err(error)).map(|refused: Result<_, _>| refused.map_err(NotClaimed::Refused))
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
        let target = target(checkpoint);
        let rebuilds = &building.live.rebuilds;
        let tracked = rebuilds.resume(RebuildKind::SideBySide, self.start, target, self.position);
        tracked.move_to(self.position);
        self.rebuild = Some(tracked);
        tracing::info!(
            subscription = building.live.name, position = %self.position, %target,
            "building the next generation while the present one serves"
        );
        self.core.progress.advance(self.position, 0, self.working());
    }

    /// Notes that the next generation serves, at `position`.
    fn finish(&mut self, position: Position) {
        if let Some(tracked) = &self.rebuild {
            tracked.end(Outcome::Done(position));
        }
    }

    /// Replaces the present generation by the next one, at the end of the log, while the runner that serves holds
    /// still. Returns whether the next generation serves now.
    async fn take_over(&mut self, building: &ShadowSpec) -> Result<bool, End> {
        let ((ready, at), (over, hold_over)) = (oneshot::channel(), oneshot::channel());
        let hold = CutoverHold { ready, over: hold_over };
        // A runner that does not take the request has ended, or ends, and will stop this one.
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

    /// Whether the checkpoint of the present generation belongs to another log, so that its position means nothing.
    async fn has_lost_its_log(&mut self, building: &ShadowSpec) -> Result<bool, End> {
        let (checkpoints, store, start) = (Arc::clone(&self.checkpoints), Arc::clone(&self.core.store), self.start);
        let Some(live) = self.retry_until_up(|| checkpoints.load(&building.live.name)).await? else { return Ok(false) };
        Ok(self.retry_until_up(|| async { Remembered::of(&live, start).compare(&*store).await }).await?.is_err())
    }

    /// Ends if a higher version of the projection serves by now: it must not be replaced. Returns the fingerprint of
    /// the present generation.
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
        // The transaction of the switch compares the fingerprint again: another process may switch in between.
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
                        "not created again for the next generation: create it by hand"
                    );
                }
            }
            Ok(Switched::Behind(live)) => {
                tracing::debug!(subscription = name, at = %self.saved, %live, "the present generation is further on");
                return Ok(false);
            }
            Ok(Switched::Changed { found }) => {
                tracing::info!(subscription = name, found, "another version of the projection serves by now");
                if !building.changed {
                    return Err(End::Fenced(building.live.replaced(&found).into()));
                }
                return Ok(false);
            }
            Ok(Switched::Fenced) => {
                let reason = format!("the next generation of `{name}` was taken over by another runner");
                return Err(End::Fenced(reason.into()));
            }
            // The next generation stays: the next start tries the switch again, and a new rebuild starts from nothing.
            Err(error @ (CheckpointError::Refused { .. } | CheckpointError::Corrupt { .. })) => {
                return Err(End::Refused(with_causes(&error).into()));
            }
            Err(error) => {
                self.failed_commits += 1;
                self.outage(with_causes(&error), self.failed_commits).await?;
                // Read whether it was committed: after a switch there is no checkpoint of a next generation.
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
