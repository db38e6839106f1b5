//! Claims the checkpoint, renews the lease on it, and waits as a standby while another process owns it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::{End, Runner};
use crate::causes::with_causes;
use crate::event::Position;
use crate::projection::{Checkpoint, CheckpointStore, Claim, ClaimError, Lease};
use crate::subscription::SubscriptionState;
use crate::subscription::config::StartFrom;
use crate::subscription::erased::catch_panic;
use crate::subscription::progress::ProgressSnapshot;
use crate::subscription::recognise::Remembered;

/// Renews the lease on the checkpoint until this is dropped or the lease is lost.
pub(super) struct Heartbeat {
    task: JoinHandle<()>,
    lost: watch::Receiver<bool>,
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Heartbeat {
    /// Waits until another process owns the checkpoint.
    pub(super) async fn lost(heartbeat: &mut Option<Self>) {
        let Some(heartbeat) = heartbeat else { return std::future::pending().await };
        if heartbeat.lost.wait_for(|lost| *lost).await.is_err() {
            // The task has ended with its runtime.
            std::future::pending::<()>().await;
        }
    }
}

impl<C: CheckpointStore> Runner<C> {
    /// Claims the checkpoint. Without one, starts where the configuration says.
    pub(super) async fn claim(&mut self) -> Result<(), End> {
        let start = self.find_start().await?;
        self.start = start;
        self.delivery.claim(self, start).await?;
        self.core.progress.advance(self.position, 0, self.working());
        let guarantee = self.core.kind.guarantee();
        let ProgressSnapshot { letters, .. } = self.core.progress.snapshot();
        tracing::info!(
            subscription = self.core.name, position = %self.position, %guarantee, waiting_letters = letters.waiting,
            parked_events = letters.held, "started"
        );
        Ok(())
    }

    /// Returns where the subscription starts without a checkpoint.
    pub(super) async fn find_start(&mut self) -> Result<Position, End> {
        Ok(match self.core.config.start {
            StartFrom::Beginning => Position::START,
            StartFrom::After(position) => position,
            StartFrom::End => match self.core.end_at_start.get() {
                Some(end) => *end,
                None => self.head().await?,
            },
        })
    }

    pub(super) async fn claim_stored(&mut self, start: Position) -> Result<(), End> {
        let core = Arc::clone(&self.core);
        // Before a changed projection empties a table.
        self.own_tables().await?;
        let log = self.log_id().await?;
        let claim = Claim::new(&core.name, &core.fingerprint, start).in_log(log).under(self.lease()).unless_changed();
        let checkpoint = loop {
            if !self.poll_change().await? {
                continue;
            }
            if let Some(checkpoint) = self.try_claim(&claim).await? {
                break checkpoint;
            }
        };
        self.own(&checkpoint);
        self.recognise(Remembered::of(&checkpoint, start)).await?;
        self.settle_tables().await?;
        self.delivery.load(self).await
    }

    pub(super) fn lease(&self) -> Lease {
        Lease::new(Arc::clone(&self.core.owner), self.core.config.lease)
    }

    /// Claims the checkpoint. Returns `None` if another process owns it (after a pause as its standby), or if its
    /// projection has changed.
    pub(super) async fn try_claim(&mut self, claim: &Claim<'_>) -> Result<Option<Checkpoint>, End> {
        let checkpoints = Arc::clone(&self.checkpoints);
        let answer = self.retry_until_up(|| async {
            match checkpoints.claim(claim).await {
                Err(ClaimError::Store(error)) => Err(error),
                claimed => Ok(claimed),
            }
        });
        match answer.await? {
            Ok(checkpoint) => Ok(Some(checkpoint)),
            Err(ClaimError::Held { owner, until, .. }) => self.stand_by(owner, until).await.map(|()| None),
            // The projection has changed: the caller checks again.
            Err(_) => Ok(None),
        }
    }

    /// Starts from `checkpoint`, which was claimed, and renews the lease from now on.
    pub(super) fn own(&mut self, checkpoint: &Checkpoint) {
        self.is_confirmed |= checkpoint.fingerprint == self.core.fingerprint;
        self.epoch = checkpoint.epoch;
        self.begin_at(checkpoint.position);
        self.go_on_rebuilding(checkpoint.rebuild_to);
        self.heartbeat = Some(self.keep_lease());
    }

    /// Waits as the standby of `owner`, whose lease ends at `until` at the earliest.
    pub(super) async fn stand_by(&mut self, owner: String, until: DateTime<Utc>) -> Result<(), End> {
        self.follow_owner().await?;
        if !matches!(self.core.progress.snapshot().state, SubscriptionState::Standby { .. }) {
            tracing::info!(subscription = self.core.name, owner, "standing by");
        }
        self.core.progress.set_state(SubscriptionState::Standby { owner: owner.into(), until });
        self.delay(self.core.config.lease / 4).await
    }

    /// Begins at `position`, before which everything is applied and saved.
    pub(super) fn begin_at(&mut self, position: Position) {
        self.position = position;
        self.saved = position;
        self.high_water = position;
    }

    fn keep_lease(&self) -> Heartbeat {
        let (core, checkpoints, epoch) = (Arc::clone(&self.core), Arc::clone(&self.checkpoints), self.epoch);
        let (lose, lost) = watch::channel(false);
        let task = tokio::spawn(async move {
            let lease = core.config.lease;
            let mut beat = interval(lease / 3);
            beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            beat.tick().await;
            loop {
                beat.tick().await;
                match catch_panic(checkpoints.renew(&core.name, epoch, lease)).await {
                    Ok(Ok(true)) => {}
                    Ok(Ok(false)) => {
                        let _ = lose.send(true);
                        return;
                    }
                    // It is tried again. A standby that takes over in between fences this runner.
                    Ok(Err(error)) => {
                        let error = with_causes(&error);
                        tracing::debug!(subscription = core.name, %error, "the lease was not renewed");
                    }
                    Err(panic) => {
                        tracing::error!(subscription = core.name, %panic, "the checkpoint store panicked: the lease was not renewed");
                    }
                }
            }
        });
        Heartbeat { task, lost }
    }

    /// Releases the lease, so that a standby can take over at once. Waits one lease at most for the store.
    pub(super) async fn give_up_lease(&mut self) {
        if self.heartbeat.take().is_some() {
            let given_up = self.checkpoints.renew(&self.core.name, self.epoch, Duration::ZERO);
            let _ = tokio::time::timeout(self.core.config.lease, given_up).await;
        }
    }
}
