//! Replaces the present generation by the next one, in one transaction, while the runner that serves holds still.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::next_generation::generations;
use super::shadow_build::ShadowBuild;
use super::shadow_task::CutoverHold;
use super::{Active, End};
use crate::causes::with_causes;
use crate::event::Position;
use crate::projection::{CheckpointError, CheckpointStore, Switch, Switched};
use crate::subscription::log::recognise::{Compared, Remembered};
use crate::subscription::rebuild::tracked::Outcome;

impl<C: CheckpointStore> ShadowBuild<C> {
    /// Replaces the present generation, at the end of the log. Returns whether the next generation serves now.
    pub(super) async fn take_over(&mut self, active: &mut Active) -> Result<bool, End> {
        let ((ready, at), (over, hold_over)) = (oneshot::channel(), oneshot::channel());
        let hold = CutoverHold { ready, over: hold_over };
        // A runner that does not take the request has ended, or ends, and will stop this one.
        if self.context.unless_stopped(self.spec.holds.send(hold)).await?.is_err() {
            return Ok(false);
        }
        let Ok(at) = self.context.unless_stopped(at).await? else { return Ok(false) };
        self.context.inbox.set_urgent(true);
        let switched = self.pass_and_switch(active, at).await;
        self.context.inbox.set_urgent(false);
        drop(over);
        switched
    }

    /// Passes the position `at`, at which the other runner holds still, and switches.
    async fn pass_and_switch(&mut self, active: &mut Active, at: Position) -> Result<bool, End> {
        let mut owner = self.context.owner(active);
        while owner.active.position < at {
            owner.context.poll_control().await?;
            owner.step_log().await?;
        }
        if owner.has_unsaved() {
            owner.save_passed().await?;
        }
        self.switch(active).await
    }

    async fn try_switch(&self, switch: &Switch) -> Result<Switched, CheckpointError> {
        generations(&*self.context.checkpoints)?.switch(switch).await
    }

    /// Whether the checkpoint of the present generation belongs to another log, so that its position means nothing.
    async fn has_lost_its_log(&mut self) -> Result<bool, End> {
        let Self { context, spec, .. } = self;
        let (checkpoints, store, start) =
            (Arc::clone(&context.checkpoints), Arc::clone(&context.core.store), context.start);
        let Some(live) = context.retry_until_up(|| checkpoints.load(&spec.live.name)).await? else { return Ok(false) };
        let compared = context.retry_until_up(|| async { Remembered::of(&live, start).compare(&*store).await }).await?;
        Ok(matches!(compared, Compared::Lost(_)))
    }

    /// Ends if a higher version of the projection serves by now: it must not be replaced. Returns the fingerprint of
    /// the present generation.
    pub(super) async fn give_way_to_newer(&mut self) -> Result<Option<String>, End> {
        let (core, checkpoints) = (Arc::clone(&self.context.core), Arc::clone(&self.context.checkpoints));
        let live = self.context.retry_until_up(|| checkpoints.load(&self.spec.live.name)).await?;
        if live.as_ref().is_none_or(|live| core.newer_version(&live.fingerprint).is_none()) {
            return Ok(live.map(|live| live.fingerprint));
        }
        self.tracked.end(Outcome::Replaced);
        Err(End::Serves)
    }

    async fn switch(&mut self, active: &mut Active) -> Result<bool, End> {
        let (core, checkpoints) = (Arc::clone(&self.context.core), Arc::clone(&self.context.checkpoints));
        let live = Arc::clone(&self.spec.live);
        let name = &live.name;
        let mut switch = Switch::new(name.clone(), active.epoch, active.saved, &self.spec.tables);
        // The transaction of the switch compares the fingerprint again: another process may switch in between.
        switch = match self.spec.changed {
            true => match self.give_way_to_newer().await? {
                Some(serves) => switch.replacing(serves),
                None => switch,
            },
            false => switch.replacing(core.fingerprint.clone()),
        };
        let mut switched = self.try_switch(&switch).await;
        if let Ok(Switched::Behind(_)) = switched
            && self.has_lost_its_log().await?
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
                tracing::debug!(subscription = name, at = %active.saved, %live, "the present generation is further on");
                return Ok(false);
            }
            Ok(Switched::Changed { found }) => {
                tracing::info!(subscription = name, found, "another version of the projection serves by now");
                if !self.spec.changed {
                    return Err(End::Fenced(live.replaced(&found).into()));
                }
                return Ok(false);
            }
            Ok(Switched::Held) => return Ok(false),
            Ok(Switched::Fenced) => {
                let reason = format!("the next generation of `{name}` was taken over by another runner");
                return Err(End::Fenced(reason.into()));
            }
            // The next generation stays: the next start tries the switch again, and a new rebuild starts from nothing.
            Err(error @ (CheckpointError::Refused { .. } | CheckpointError::Corrupt { .. })) => {
                return Err(End::Refused(with_causes(&error).into()));
            }
            Err(error) => {
                active.failed_commits += 1;
                self.context.outage(with_causes(&error), active.failed_commits).await?;
                // Read whether it was committed: after a switch there is no checkpoint of a next generation.
                let next = self.context.retry_until_up(|| checkpoints.load(&core.name)).await?;
                if next.is_some_and(|next| next.epoch == active.epoch) {
                    return Ok(false);
                }
                let live = self.context.retry_until_up(|| checkpoints.load(name)).await?;
                if live.is_none_or(|live| live.position < switch.position || live.fingerprint != core.fingerprint) {
                    let reason = format!("the next generation of `{name}` was dropped by another runner");
                    return Err(End::Fenced(reason.into()));
                }
            }
        }
        tracing::info!(subscription = name, position = %active.saved, "the next generation serves");
        self.tracked.end(Outcome::Done(active.saved));
        Ok(true)
    }
}
