//! Builds the next generation of read models, while the runner of the subscription serves.
//!
//! ```text
//! claim the checkpoint of the next generation -> [ read a page -> apply it ]* -> at the end of the log, ask the runner
//! that serves to hold still -> pass its position -> switch in one transaction -> that runner continues with the new tables
//! ```

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use super::claim::Held;
use super::close::Closed;
use super::next_generation::{generations, refusal, target};
use super::replay::Replay;
use super::shadow_task::ShadowSpec;
use super::{Active, Context, End};
use crate::projection::{Checkpoint, CheckpointError, CheckpointStore, Claim, ClaimError, CommitError};
use crate::store::LogId;
use crate::subscription::log::recognise::Remembered;
use crate::subscription::rebuild::tracked::{Outcome, Tracked};
use crate::subscription::{RebuildKind, SubscriptionState};

/// The builder of a next generation. It owns the checkpoint of the next generation while it builds.
pub(super) struct ShadowBuild<C: CheckpointStore> {
    pub(super) context: Context<C>,
    pub(super) spec: ShadowSpec,
    pub(super) tracked: Arc<Tracked>,
}

/// How often the builder of a held next generation looks whether the hold was removed.
const HELD_LOOK: Duration = Duration::from_secs(1);

/// The answer to an attempt to claim the checkpoint of the next generation.
enum Attempt {
    Claimed(Box<Checkpoint>),
    Held(Held),
    Refused(Arc<str>),
}

impl<C: CheckpointStore> ShadowBuild<C> {
    pub(super) const fn new(context: Context<C>, spec: ShadowSpec, tracked: Arc<Tracked>) -> Self {
        Self { context, spec, tracked }
    }

    /// Builds the next generation until it serves, or something ends that. Fails if a stop could not save the last
    /// checkpoint.
    pub(super) async fn run(mut self) -> Result<(), CommitError> {
        loop {
            let Closed { end, saved, stored, .. } = self.build().await;
            // Without a change, the runner of the present generation is in this process, and begins the rebuild again.
            let waited = match end {
                End::Fenced(reason) if self.spec.changed && !self.context.is_fenced_again() => {
                    self.context.core.progress.show(SubscriptionState::Fenced { reason });
                    self.context.delay(self.context.pause()).await
                }
                End::Outdated(outdated) if self.spec.changed => {
                    let reason = Arc::clone(&outdated.reason);
                    self.context.core.progress.show(SubscriptionState::Outdated { reason });
                    self.context.wait_for_newer(&outdated, stored).await
                }
                end => Err(end),
            };
            if let Err(end) = waited {
                self.end(end);
                return saved;
            }
        }
    }

    /// Notes why the rebuild has failed, if it has.
    fn end(&self, end: End) {
        let reason = match end {
            End::Stopped(_) | End::Serves | End::Reclaim(_) => return,
            End::Faulted(failure) => failure.to_string().into(),
            End::Outdated(outdated) => outdated.reason,
            End::Fenced(reason) | End::Refused(reason) | End::LogLost(reason) => reason,
        };
        tracing::error!(subscription = self.spec.live.name, %reason, "the next generation cannot be built");
        self.tracked.end(Outcome::Failed(reason));
    }

    /// Claims the checkpoint and builds until something ends that.
    async fn build(&mut self) -> Closed {
        let claimed = match self.context.find_start().await {
            Ok(()) => self.claim().await,
            Err(end) => Err(end),
        };
        match claimed {
            Ok((mut active, remembered)) => {
                let Err(end) = self.replay(&mut active, remembered).await;
                self.context.owner(&mut active).close(end).await
            }
            Err(end) => end.into(),
        }
    }

    /// Applies the log until the next generation serves.
    async fn replay(&mut self, active: &mut Active, remembered: Remembered) -> Result<Infallible, End> {
        let mut owner = self.context.owner(active);
        owner.recognise(remembered).await?;
        owner.load_letters().await?;
        loop {
            let mut owner = self.context.owner(active);
            owner.context.poll_control().await?;
            // There may be letters that were released before the last stop.
            owner.serve_requests().await?;
            if owner.step_log().await? || owner.active.retrying.is_some() {
                continue;
            }
            if self.is_held().await? {
                self.context.owner(active).idle(HELD_LOOK).await?;
                continue;
            }
            if self.take_over(active).await? {
                return Err(End::Serves);
            }
            self.context.owner(active).idle(Duration::MAX).await?;
        }
    }

    /// Returns whether an operator holds the next generation. The transaction of the switch looks again; this look avoids
    /// that the runner that serves holds still in vain.
    async fn is_held(&mut self) -> Result<bool, End> {
        let (checkpoints, core) = (Arc::clone(&self.context.checkpoints), Arc::clone(&self.context.core));
        let next = self.context.retry_until_up(|| checkpoints.load(&core.name)).await?;
        Ok(next.is_some_and(|next| next.pause.is_some()))
    }

    /// Claims the checkpoint of the next generation.
    async fn claim(&mut self) -> Result<(Box<Active>, Remembered), End> {
        let log = self.context.log_id().await?;
        loop {
            match self.spec.changed {
                true => self.give_way().await?,
                false => self.check_owner().await?,
            }
            match self.try_claim(log).await? {
                Attempt::Claimed(checkpoint) => {
                    let remembered = Remembered::of(&checkpoint, self.context.start);
                    return Ok((self.own(&checkpoint), remembered));
                }
                Attempt::Held(Held { owner, until }) => {
                    self.context.core.progress.show(SubscriptionState::Standby { owner, until });
                    self.context.wait_as_standby().await?;
                }
                Attempt::Refused(reason) => return Err(End::Refused(reason)),
            }
        }
    }

    /// Ends if another process owns the present generation.
    async fn check_owner(&mut self) -> Result<(), End> {
        let (checkpoints, live) = (Arc::clone(&self.context.checkpoints), Arc::clone(&self.spec.live));
        let stored = self.context.retry_until_up(|| checkpoints.load(&live.name)).await?;
        match stored.and_then(|stored| stored.lease).filter(|lease| *lease.owner != *live.owner) {
            Some(lease) => Err(End::Fenced(format!("`{}` owns the present generation", lease.owner).into())),
            None => Ok(()),
        }
    }

    /// Ends if another process has built the next generation, or a higher version serves.
    async fn give_way(&mut self) -> Result<(), End> {
        let (core, checkpoints) = (Arc::clone(&self.context.core), Arc::clone(&self.context.checkpoints));
        let live = self.context.retry_until_up(|| checkpoints.load(&self.spec.live.name)).await?;
        if let Some(live) = live.filter(|live| live.fingerprint == core.fingerprint) {
            self.tracked.end(Outcome::Done(live.position));
            return Err(End::Serves);
        }
        self.give_way_to_newer().await.map(drop)
    }

    async fn try_claim(&mut self, log: LogId) -> Result<Attempt, End> {
        let Self { context, spec, .. } = self;
        let (core, checkpoints) = (Arc::clone(&context.core), Arc::clone(&context.checkpoints));
        let claim = Claim::new(&core.name, &core.fingerprint, context.start).in_log(log).under(context.lease());
        // A process that stood still while it began a rebuild would otherwise leave a next generation that no process
        // builds. A changed projection is built while another process owns the live generation.
        let claim = if spec.changed { claim } else { claim.live_owned_by(&spec.live.owner) };
        let claim = spec.hold.as_ref().map_or_else(|| claim.clone(), |hold| claim.clone().held(hold));
        let claim = || async {
            let answer = generations(&*checkpoints)?.claim_next(&claim, spec.target, &spec.tables).await;
            match answer {
                Ok(checkpoint) => Ok::<_, CheckpointError>(Attempt::Claimed(Box::new(checkpoint))),
                Err(ClaimError::Held { owner, until, .. }) => Ok(Attempt::Held(Held { owner: owner.into(), until })),
                // Cannot happen: the claim does not ask for this check.
                Err(refused @ (ClaimError::Changed { .. } | ClaimError::Overlaps { .. })) => {
                    Ok(Attempt::Refused(refused.to_string().into()))
                }
                Err(ClaimError::Store(error)) => refusal(error).map(Attempt::Refused),
            }
        };
        context.retry_until_up(claim).await
    }

    fn own(&mut self, checkpoint: &Checkpoint) -> Box<Active> {
        let (context, live) = (&mut self.context, &self.spec.live);
        let (position, target) = (checkpoint.position, target(checkpoint));
        self.tracked = live.rebuilds.resume(RebuildKind::SideBySide, context.start, target, position);
        self.tracked.note_stored();
        let mut replay = Replay::Next { target: checkpoint.rebuild_to, tracked: Arc::clone(&self.tracked) };
        replay.move_to(position);
        tracing::info!(
            subscription = live.name, %position, %target,
            "building the next generation while the present one serves"
        );
        context.own(checkpoint, replay)
    }
}
