//! The life of a runner: it claims the checkpoint, works and ends. When it is fenced or outdated, it waits and claims
//! again.
//!
//! ```text
//! claim and work -> fenced    -> the second time within a minute: faulted
//!                             -> pause -> claim and work
//!                -> outdated  -> pause until another process has passed the obstacle -> claim and work
//!                -> otherwise -> the end
//! ```

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::delivery::Unstored;
use super::failing::Failing;
use super::outdated::Outdated;
use super::parked::Parked;
use super::{End, Runner};
use crate::projection::{CheckpointStore, CommitError};
use crate::subscription::SubscriptionState;
use crate::subscription::rebuilds::Outcome;

/// A subscription that is fenced twice in this time faults.
const FENCED_TWICE_WITHIN: Duration = Duration::from_secs(60);

/// The longest pause of a fenced or outdated runner.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

impl<C: CheckpointStore> Runner<C> {
    /// Runs until something ends the subscription. Fails if a stop could not save the last checkpoint.
    pub(in crate::subscription) async fn run(mut self) -> Result<(), CommitError> {
        loop {
            let (end, saved) = self.run_once().await;
            if let Err(end) = self.stand_aside(end).await {
                self.core.requests.clear();
                self.tell(end);
                return saved;
            }
        }
    }

    /// Claims the checkpoint and works until something ends that.
    async fn run_once(&mut self) -> (End, Result<(), CommitError>) {
        let work = match self.building.clone() {
            Some(building) => self.build(building).await,
            None => self.work().await,
        };
        let end = match work {
            Ok(never) => match never {},
            Err(end) => end,
        };
        self.end_next(end.reason(), None).await;
        let mut saved = Ok(());
        if let End::Stopped(_) | End::Outdated(_) = end {
            saved = self.save_before_stop().await;
        }
        if self.is_replaced && matches!(saved, Err(CommitError::Fenced { .. })) {
            // Its own next generation has fenced it, and has saved everything.
            saved = Ok(());
        }
        let end = match &saved {
            Err(fenced @ CommitError::Fenced { .. }) => End::Fenced(fenced.to_string().into()),
            _ => end,
        };
        // Drops the answer, so that its caller does not wait any more.
        self.retrying = None;
        self.give_up_lease().await;
        (end, saved)
    }

    /// Waits until the runner may claim the checkpoint again. Fails if it may not.
    async fn stand_aside(&mut self, end: End) -> Result<(), End> {
        if self.building.as_ref().is_some_and(|building| !building.changed) {
            // The runner of the present generation is in this process: the caller must begin the rebuild again.
            return Err(end);
        }
        match end {
            End::Fenced(reason) => {
                let before = self.fenced_at.replace(Instant::now());
                if before.is_some_and(|before| before.elapsed() < FENCED_TWICE_WITHIN) {
                    return Err(End::FencedAgain(reason));
                }
                self.begin_again();
                let (subscription, pause) = (&self.core.name, self.pause());
                tracing::warn!(subscription, %reason, ?pause, "fenced: it stands by again after a pause");
                self.core.progress.fail(Arc::clone(&reason), SubscriptionState::Fenced { reason });
                self.delay(pause).await
            }
            End::Outdated(outdated) => {
                self.begin_again();
                self.wait_for_newer(outdated, self.saved).await
            }
            end => Err(end),
        }
    }

    /// Returns the pause of a fenced or outdated runner: one lease, at most 10 s.
    pub(super) fn pause(&self) -> Duration {
        self.core.config.lease.min(LONGEST_PAUSE)
    }

    /// Clears everything that belongs to the last claim.
    fn begin_again(&mut self) {
        // Another owner applies the events that were not saved: a stop before the next claim has nothing to save.
        self.position = self.saved;
        self.high_water = self.saved;
        self.prefetched = None;
        self.in_doubt = None;
        self.unreported = 0;
        self.failed_commits = 0;
        self.rebuild_to = None;
        if self.building.is_none() {
            self.rebuild = None;
        }
        self.is_replaced = false;
        self.parked = Parked::default();
        self.unstored = Unstored::default();
        self.failing = Failing::new(self.core.config.failures.limit);
        self.cut_off = None;
        self.heartbeat = None;
        self.end = None;
        self.outdated = None;
    }

    fn tell(&self, end: End) {
        let subscription = &self.core.name;
        if let (Some(tracked), Some(_), Some(reason)) = (&self.rebuild, &self.building, end.failure()) {
            tracked.end(Outcome::Failed(reason));
        }
        let progress = &self.core.progress;
        match end {
            End::Stopped(reason) => {
                tracing::info!(subscription, position = %self.position, %reason, "stopped");
                progress.set_state(SubscriptionState::Stopped { reason });
            }
            End::Faulted(failure) => {
                tracing::error!(subscription, position = %failure.position, %failure, "faulted");
                let told = failure.to_string();
                let state = self.core.restarts.after(&self.core.config.restart, failure, self.core.chance.draw());
                progress.fail(told, state);
            }
            End::Serves => progress.set_state(SubscriptionState::Idle),
            End::Refused(reason) | End::LogLost(reason) => {
                tracing::error!(subscription, %reason, "refused");
                progress.fail(Arc::clone(&reason), SubscriptionState::Refused { reason });
            }
            End::Fenced(reason) | End::FencedAgain(reason) => {
                let state = SubscriptionState::FencedAgain { reason: Arc::clone(&reason) };
                tracing::error!(subscription, reason = state.reason(), "faulted");
                progress.fail(reason, state);
            }
            // A builder of a next generation: its rebuild has failed.
            End::Outdated(Outdated { reason, .. }) => progress.fail(reason, SubscriptionState::Idle),
        }
    }
}
