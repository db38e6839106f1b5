//! A checkpoint of another version of the projection: it is refused, emptied, or replaced by a next generation, as the
//! configuration says.

use std::convert::Infallible;
use std::fmt::Display;
use std::sync::Arc;

use super::next_generation::target;
use super::outdated::{Obstacle, Outdated};
use super::rebuild::NotBegun;
use super::resume::Resume;
use super::shadow_task::{ShadowTask, end_next};
use super::{Context, End, Owner};
use crate::projection::CheckpointStore;
use crate::subscription::config::{OnChange, StartFrom};
use crate::subscription::rebuild::tracked::{Outcome, Tracked};
use crate::subscription::subscription_shared::SubscriptionShared;
use crate::subscription::{RebuildError, RebuildKind, StopReason, SubscriptionState};

/// What must happen to the checkpoint before it is claimed. A change has the stored fingerprint.
pub(super) enum Change {
    None,
    /// Its read model must be emptied.
    ToEmpty(String),
    /// The next generation must be built.
    ToBuild(String),
}

/// A changed projection, whose present version is being built side by side. The version with the fingerprint `stored`
/// serves, unchanged, until then.
pub(super) struct Replaced {
    pub(super) stored: String,
    pub(super) next: Option<ShadowTask>,
    pub(super) tracked: Arc<Tracked>,
}

impl Replaced {
    /// Returns the public state.
    pub(super) fn public_state(&self) -> SubscriptionState {
        let building = || SubscriptionState::Rebuilding { kind: RebuildKind::SideBySide, target: self.tracked.target };
        self.next.as_ref().and_then(ShadowTask::aside).unwrap_or_else(building)
    }
}

fn refused(error: &dyn Display, core: &SubscriptionShared, stored: &str) -> End {
    End::Refused(format!("{}; {error}", core.changed(stored)).into())
}

impl<C: CheckpointStore> Context<C> {
    /// Compares the fingerprint of the stored checkpoint, before it is claimed. A checkpoint of a higher version of the
    /// projection is not touched.
    pub(super) async fn find_change(&mut self) -> Result<Change, End> {
        let (core, checkpoints) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints));
        let Some(found) = self.retry_until_up(|| checkpoints.load(&core.name)).await? else { return Ok(Change::None) };
        if found.fingerprint == core.fingerprint {
            self.is_confirmed = true;
            return Ok(Change::None);
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
            OnChange::Rebuild if core.config.start == StartFrom::End => {
                let error = RebuildError::StartsAtEnd { subscription: core.name.clone() };
                Err(refused(&error, &core, &found.fingerprint))
            }
            OnChange::Rebuild => Ok(Change::ToEmpty(found.fingerprint)),
            OnChange::RebuildSideBySide => Ok(Change::ToBuild(found.fingerprint)),
            OnChange::Refuse => Err(End::Refused(core.changed(&found.fingerprint).into())),
        }
    }

    /// Begins to build the present version of the projection side by side.
    pub(super) async fn build_changed(&mut self, stored: String) -> Result<Replaced, End> {
        let core = Arc::clone(&self.core);
        match self.check_next().await {
            Ok(()) => {}
            Err(NotBegun::Refused(error)) => return Err(refused(&error, &core, &stored)),
            Err(NotBegun::Ended(end)) => return Err(end),
        }
        let found = self.found_next().await?.filter(|found| found.fingerprint == core.fingerprint);
        let target = match &found {
            Some(found) => target(found),
            None => self.head().await?,
        };
        let current = &core.fingerprint;
        tracing::warn!(subscription = core.name, stored, current, "the projection has changed");
        let next = self.build_next(target, found.as_ref(), true, None);
        let tracked = Arc::clone(next.tracked());
        Ok(Replaced { stored, next: Some(next), tracked })
    }

    /// Waits until the present version of the projection serves.
    pub(super) async fn wait_for_replacement(&mut self, mut replaced: Replaced) -> Result<(), End> {
        let core = Arc::clone(&self.core);
        let outcome = loop {
            match self.wait_for_next(&mut replaced.next).await {
                Ok(Some(outcome)) => break outcome,
                Ok(None) => core.progress.show(replaced.public_state()),
                Err(end) => {
                    end_next(&mut replaced.next, end.reason(), None).await;
                    return Err(end);
                }
            }
        };
        match outcome {
            Outcome::Failed(reason) => Err(refused(&reason, &core, &replaced.stored)),
            // The builder has ended without an outcome.
            Outcome::Unfinished => Err(End::Stopped(StopReason::RunnerPanicked)),
            Outcome::Cancelled => Err(End::Stopped(StopReason::RebuildCancelled)),
            Outcome::Done(_) | Outcome::Replaced => Ok(()),
        }
    }
}

impl<C: CheckpointStore> Owner<'_, C> {
    /// Empties the read model of the version with the fingerprint `stored`. The checkpoint keeps this fingerprint until
    /// that is done, so that the next owner after a crash finds the change too.
    pub(super) async fn empty_changed(&mut self, stored: &str, resume: Resume) -> Result<Infallible, End> {
        let core = Arc::clone(&self.context.core);
        tracing::warn!(subscription = core.name, stored, current = core.fingerprint, "the projection has changed");
        self.drop_next(Outcome::Replaced).await?;
        let target = self.context.head().await?;
        match self.empty(target).await {
            Ok(()) => Err(End::Reclaim(Box::new(resume))),
            Err(NotBegun::Refused(error)) => Err(refused(&error, &core, stored)),
            Err(NotBegun::Ended(end)) => Err(end),
        }
    }
}
