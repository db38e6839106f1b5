//! The runner: one task a subscription, which reads the log and applies it, in one loop for history and for what is new.
//!
//! ```text
//! claim the checkpoint -> [ heed the control -> read a page -> apply it -> (at the end of the log) wait ]*
//! ```
//!
//! Every step that can end the subscription returns an [`End`]; `?` carries it out of the loop.

mod apply;
mod claim;
mod commit;
mod failing;
mod letters;
mod pace;
mod parked;
mod read;

use std::convert::Infallible;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use self::claim::Heartbeat;
use self::commit::Unsettled;
use self::failing::Failing;
use self::parked::Parked;
use self::read::Prefetched;
use super::core::{Control, Core};
use super::shared::ErasedSubscriber;
use super::{Failure, StopReason, SubscriptionState};
use crate::event::Position;
use crate::projection::{CheckpointStore, CommitError, Kind};
use crate::store::WakeUp;

/// The task of one subscription.
pub(super) struct Runner<C: CheckpointStore> {
    core: Arc<Core>,
    checkpoints: Arc<C>,
    subscriber: Arc<dyn ErasedSubscriber<C::Unit>>,
    control: watch::Receiver<Control>,
    store_wake_up: Option<WakeUp>,
    bus_wake_up: WakeUp,
    prefetched: Option<Prefetched>,
    /// Every event up to here is applied or passed over.
    position: Position,
    /// Where the stored checkpoint is: behind `position` only by events that are not the subscription's own.
    saved: Position,
    saved_at: Instant,
    /// The step whose commit gave no clear answer.
    unsettled: Option<Unsettled>,
    /// How many events were applied outside a transaction, and are not told of before their checkpoint is saved.
    unreported: usize,
    /// How many commits in a row gave no clear answer.
    failed_commits: u32,
    /// How far the subscription has been: beyond `position` while a memory projection begins anew.
    seen: Position,
    /// Up to where the read model is being rebuilt.
    rebuild_to: Option<Position>,
    /// Where the subscription starts that has no checkpoint.
    start: Position,
    parked: Parked,
    failing: Failing,
    /// The failure after which a memory projection began anew, until its event is reached again.
    cut_off: Option<Arc<Failure>>,
    /// The owner's epoch, of a stored checkpoint.
    epoch: u64,
    /// Renews the lease on it.
    heartbeat: Option<Heartbeat>,
    /// Where the log ends, as far as the last page tells.
    end: Option<Position>,
}

/// Why the runner ends.
enum End {
    Stopped(StopReason),
    Faulted(Arc<Failure>),
    Fenced(Arc<str>),
    /// It is not run as things are, for this reason.
    Refused(Arc<str>),
}

impl<C: CheckpointStore> Runner<C> {
    pub(super) fn new(core: Arc<Core>, checkpoints: Arc<C>, subscriber: Arc<dyn ErasedSubscriber<C::Unit>>) -> Self {
        Self {
            control: core.control.subscribe(),
            // Listening begins before the first read, so that no append falls between the two.
            store_wake_up: core.store.wake_ups(),
            bus_wake_up: core.bus_wake_ups.listen(),
            prefetched: None,
            position: Position::START,
            saved: Position::START,
            saved_at: Instant::now(),
            unsettled: None,
            unreported: 0,
            failed_commits: 0,
            seen: Position::START,
            rebuild_to: None,
            start: Position::START,
            cut_off: None,
            parked: Parked::default(),
            failing: Failing::new(core.config.failures.limit),
            heartbeat: None,
            epoch: 0,
            end: None,
            core,
            checkpoints,
            subscriber,
        }
    }

    /// Runs until something ends the subscription.
    ///
    /// # Errors
    /// Why the last checkpoint was not saved, where the subscription was stopped and that failed.
    pub(super) async fn run(mut self) -> Result<(), CommitError> {
        let end = match self.work().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        let mut saved = Ok(());
        if let End::Stopped(_) = end {
            saved = self.save_before_stop().await;
        }
        let end = match &saved {
            Err(fenced @ CommitError::Fenced { .. }) => End::Fenced(fenced.to_string().into()),
            _ => end,
        };
        self.give_up_lease().await;
        self.core.requests.clear();
        self.tell(end);
        saved
    }

    fn tell(&self, end: End) {
        let subscription = &self.core.name;
        match end {
            End::Stopped(reason) => {
                tracing::info!(subscription, position = %self.position, %reason, "stopped");
                self.core.progress.set_state(SubscriptionState::Stopped { reason });
            }
            End::Faulted(failure) => {
                tracing::error!(subscription, position = %failure.position, %failure, "faulted");
                self.core.progress.fail(failure.to_string(), SubscriptionState::Faulted { failure });
            }
            End::Refused(reason) => {
                tracing::error!(subscription, %reason, "refused");
                self.core.progress.fail(Arc::clone(&reason), SubscriptionState::Refused { reason });
            }
            End::Fenced(reason) => {
                tracing::warn!(subscription, %reason, "fenced");
                self.core.progress.fail(Arc::clone(&reason), SubscriptionState::Fenced { reason });
            }
        }
    }

    async fn work(&mut self) -> Result<Infallible, End> {
        self.claim().await?;
        loop {
            self.heed_control().await?;
            self.serve_requests().await?;
            let page = self.next_page().await?;
            let full = page.events.len() >= self.core.config.batch_size;
            self.end = (!full).then_some(page.horizon);
            if full {
                self.prefetch(page.horizon);
            }
            if page.events.is_empty() {
                self.arrive(page.horizon, 0);
            } else {
                self.apply_page(&page).await?;
            }
            if !full {
                self.idle().await?;
            }
        }
    }

    /// Everything up to `position` is applied or passed over (law 6), `handled` events of it applied just now.
    ///
    /// Who waits sees it at once; where nothing was applied, the checkpoint follows with the next batch, within a
    /// second, or at the stop.
    fn arrive(&mut self, position: Position, handled: usize) {
        self.position = self.position.max(position);
        self.seen = self.seen.max(self.position);
        self.rebuild_to = self.rebuild_to.filter(|target| *target > self.position);
        if self.core.kind == Kind::Memory {
            self.core.in_memory.move_to(self.position);
        }
        if handled > 0 {
            self.failing.success();
        }
        self.core.progress.advance(self.position, handled as u64, self.working());
    }

    /// The state of a subscription that works: live at the end of the log, and catching up before it.
    fn working(&self) -> SubscriptionState {
        match self.end {
            Some(end) if self.position >= end => SubscriptionState::Live,
            _ => SubscriptionState::CatchingUp,
        }
    }
}

impl<C: CheckpointStore> Drop for Runner<C> {
    /// A task that is dropped before it ended has panicked, or was dropped with its async runtime.
    fn drop(&mut self) {
        if self.core.progress.snapshot().state.is_running() {
            let panicking = std::thread::panicking();
            let reason = if panicking { StopReason::RunnerPanicked } else { StopReason::RuntimeShutDown };
            self.core.progress.set_state(SubscriptionState::Stopped { reason });
        }
    }
}
