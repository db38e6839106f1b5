//! Claims the checkpoint.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::change::{Change, Replaced};
use super::heartbeat::Heartbeat;
use super::replay::Replay;
use super::resume::Resume;
use super::{Active, Context, End, Owner};
use crate::event::Position;
use crate::projection::{Checkpoint, CheckpointError, CheckpointStore, Claim, ClaimError, Lease};
use crate::store::LogId;
use crate::subscription::config::StartFrom;
use crate::subscription::log::recognise::Remembered;
use crate::subscription::state::progress::ProgressSnapshot;

/// The answer to a claim.
pub(super) enum Claimed {
    /// The runner owns the checkpoint, which remembers this of its log.
    Owned(Box<Active>, Remembered),
    /// Another process owns the checkpoint of the log with this id.
    Held { held: Held, log: LogId },
    /// The runner owns the checkpoint of another version of the projection, with this fingerprint. It must be emptied.
    Changed(Box<Active>, String),
    /// The projection has changed, and its present version is being built side by side.
    Replaced(Replaced),
}

/// The lease of another process.
pub(super) struct Held {
    pub(super) owner: Arc<str>,
    /// When the lease ends at the earliest.
    pub(super) until: DateTime<Utc>,
}

/// The answer to one attempt to claim the checkpoint.
pub(super) enum Attempt {
    Claimed(Box<Checkpoint>),
    Held(Held),
    /// The checkpoint belongs to another version of the projection.
    Changed,
}

impl<C: CheckpointStore> Context<C> {
    /// Joins this and what belongs to an owner.
    pub(super) const fn owner<'a>(&'a mut self, active: &'a mut Active) -> Owner<'a, C> {
        Owner { context: self, active }
    }

    /// Finds out where the subscription starts without a checkpoint.
    pub(super) async fn find_start(&mut self) -> Result<(), End> {
        self.start = match self.core.config.start {
            StartFrom::Beginning => Position::START,
            StartFrom::After(position) => position,
            StartFrom::End => match self.core.end_at_start.get() {
                Some(end) => *end,
                None => self.head().await?,
            },
        };
        Ok(())
    }

    /// Claims the stored checkpoint. `known` is the identity of the log, if this is not the first attempt.
    pub(super) async fn claim_stored(&mut self, known: Option<LogId>) -> Result<Claimed, End> {
        let core = Arc::clone(&self.core);
        let log = match known {
            Some(log) => log,
            None => {
                // Before a changed projection empties a table.
                self.own_tables().await?;
                self.log_id().await?
            }
        };
        loop {
            let replaced = match self.find_change().await? {
                Change::None => None,
                Change::ToEmpty(stored) => Some(stored),
                Change::ToBuild(stored) => return Ok(Claimed::Replaced(self.build_changed(stored).await?)),
            };
            let claim = match &replaced {
                None => Claim::new(&core.name, &core.fingerprint, self.start).in_log(log),
                Some(stored) => Claim::new(&core.name, stored, self.start),
            };
            match self.try_claim(&claim.under(self.lease()).unless_changed()).await? {
                Attempt::Held(held) => return Ok(Claimed::Held { held, log }),
                Attempt::Changed => {}
                Attempt::Claimed(checkpoint) => {
                    let replay = self.replay_in_place(checkpoint.position, checkpoint.rebuild_to);
                    let active = self.own(&checkpoint, replay);
                    return Ok(match replaced {
                        None => Claimed::Owned(active, Remembered::of(&checkpoint, self.start)),
                        Some(stored) => Claimed::Changed(active, stored),
                    });
                }
            }
        }
    }

    pub(super) fn lease(&self) -> Lease {
        Lease::new(Arc::clone(&self.core.owner), self.core.config.lease)
    }

    /// Tries to claim the checkpoint once.
    async fn try_claim(&mut self, claim: &Claim<'_>) -> Result<Attempt, End> {
        let checkpoints = Arc::clone(&self.checkpoints);
        self.retry_until_up(|| async {
            match checkpoints.claim(claim).await {
                Ok(checkpoint) => Ok(Attempt::Claimed(Box::new(checkpoint))),
                Err(ClaimError::Held { owner, until, .. }) => Ok(Attempt::Held(Held { owner: owner.into(), until })),
                Err(ClaimError::Store(error)) => Err(error),
                Err(ClaimError::Changed { .. }) => Ok(Attempt::Changed),
                Err(refused @ ClaimError::Overlaps { .. }) => Err(CheckpointError::Refused {
                    action: format!("claim the checkpoint of `{}`", claim.name),
                    reason: refused.to_string().into(),
                }),
            }
        })
        .await
    }

    /// Becomes the owner of `checkpoint`, which was claimed, and renews the lease from now on.
    pub(super) fn own(&mut self, checkpoint: &Checkpoint, replay: Replay) -> Box<Active> {
        self.is_confirmed |= checkpoint.fingerprint == self.core.fingerprint;
        // The pause of a next generation is a hold: its builder works, and does not switch.
        if let Some(pause) = checkpoint.pause.as_ref().filter(|_| self.core.next_of.is_none()) {
            self.core.obey(pause);
        }
        let heartbeat = Heartbeat::of(&self.core, &self.checkpoints, checkpoint.epoch);
        self.inbox.listen_to(heartbeat.lost());
        let mut active = Active::new(checkpoint.position, &self.core);
        active.epoch = checkpoint.epoch;
        active.heartbeat = Some(heartbeat);
        active.replay = replay;
        Box::new(active)
    }
}

impl<C: CheckpointStore> Owner<'_, C> {
    /// Prepares the work, after the claim of a checkpoint that remembers this of its log.
    pub(super) async fn start(&mut self, remembered: Remembered, resume: Resume) -> Result<(), End> {
        let Resume { empty, retrying } = resume;
        self.active.retrying = retrying;
        self.recognise(remembered).await?;
        let delivery = self.context.delivery;
        delivery.load(self).await?;
        if let Some(empty) = empty {
            empty.answer();
        }
        self.publish();
        let core = &self.context.core;
        let guarantee = core.kind.guarantee();
        let ProgressSnapshot { letters, .. } = core.progress.snapshot();
        tracing::info!(
            subscription = core.name, position = %self.active.position, %guarantee, waiting_letters = letters.waiting,
            parked_events = letters.held, "started"
        );
        Ok(())
    }
}
