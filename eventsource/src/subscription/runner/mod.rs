//! The runner: one task for each subscription, which reads the log and applies it, in one loop for old and new events.
//!
//! ```text
//! claim the checkpoint -> [ check the control -> read a page -> apply it -> (at the end of the log) wait ]*
//! ```
//!
//! Every step that can end the subscription returns an [`End`], which `?` carries out of the loop. After some of them
//! the runner claims again: see [`life`].

mod alone;
mod apply;
mod batch_plan;
mod claim;
mod commit;
mod control;
mod delivery;
mod failing;
mod letter_item;
mod letter_plan;
mod letters;
mod life;
mod lookups;
mod obstructed;
mod outdated;
mod owner;
mod pace;
mod parked;
mod read;
mod rebuild;
mod recognise;
mod retrying;
mod shadow;
mod shadow_build;
mod slow;
mod standby;
mod transaction;
mod unknown;

use std::convert::Infallible;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use self::claim::Heartbeat;
use self::commit::InDoubtCommit;
use self::delivery::{Delivery, Unstored};
use self::failing::Failing;
use self::outdated::Outdated;
use self::parked::Parked;
use self::read::Prefetched;
use self::recognise::KnownLog;
use self::retrying::Retrying;
use self::shadow::ShadowBuild;
use self::shadow_build::ShadowSpec;
use super::erased::ErasedSubscriber;
use super::log::Reader;
use super::rebuilds::Tracked;
use super::subscription_shared::{Control, SubscriptionShared};
use super::unknown_types::LookTask;
use super::{Failure, RebuildKind, StopReason, SubscriptionState};
use crate::event::Position;
use crate::projection::CheckpointStore;
use crate::store::WakeUpReceiver;

/// The task of one subscription.
pub(super) struct Runner<C: CheckpointStore> {
    core: Arc<SubscriptionShared>,
    checkpoints: Arc<C>,
    subscriber: Arc<dyn ErasedSubscriber<C::Unit>>,
    /// What differs between the kinds of projection.
    delivery: &'static dyn Delivery<C>,
    control: watch::Receiver<Control>,
    store_wake_up: Option<WakeUpReceiver>,
    bus_wake_up: WakeUpReceiver,
    /// Its reader of the shared log.
    reader: Arc<Reader>,
    prefetched: Option<Prefetched>,
    known_log: KnownLog,
    /// Every event up to this position is applied or skipped.
    position: Position,
    /// The position of the stored checkpoint. It is behind `position` only by skipped events.
    saved: Position,
    saved_at: Instant,
    /// The step whose commit gave no clear answer.
    in_doubt: Option<InDoubtCommit>,
    /// How many events were applied outside a transaction and are not reported before their checkpoint is saved.
    unreported: usize,
    /// How many commits in a row gave no clear answer.
    failed_commits: u32,
    /// The furthest position of the subscription. It is beyond `position` during a replay of a memory projection.
    high_water: Position,
    /// The position at which the rebuild in place is complete.
    rebuild_to: Option<Position>,
    /// The rebuild, for its handles.
    rebuild: Option<Arc<Tracked>>,
    /// Set if this runner builds the next generation for another runner.
    building: Option<Arc<ShadowSpec>>,
    /// The runner that builds the next generation for this one.
    next: Option<ShadowBuild>,
    /// Whether the next generation may be replacing the present one just now.
    is_replaced: bool,
    /// Where the subscription starts without a checkpoint.
    start: Position,
    parked: Parked,
    /// The letters that are being retried.
    retrying: Option<Retrying>,
    /// What changed since the state of a durable memory projection was stored.
    unstored: Unstored,
    failing: Failing,
    /// Whether each event is applied in a batch of its own, because a handler has changed its connection.
    one_by_one: bool,
    /// The failure after which a memory projection was replayed, until the replay reaches its event.
    cut_off: Option<Arc<Failure>>,
    /// The epoch under which this runner owns the stored checkpoint.
    epoch: u64,
    /// Renews the lease on the checkpoint.
    heartbeat: Option<Heartbeat>,
    /// The end of the log, according to the last page.
    end: Option<Position>,
    /// The position after which it has read the log since its start.
    passed_from: Position,
    /// Looks for unknown event types among the events that were passed.
    looking: Option<LookTask>,
    /// Found while a request was served. Ends the runner after the answer.
    outdated: Option<Outdated>,
    /// Whether the checkpoint had this projection's fingerprint at some time since the start.
    is_confirmed: bool,
    /// When it was fenced the last time.
    fenced_at: Option<Instant>,
}

/// Why the runner ends.
enum End {
    Stopped(StopReason),
    Faulted(Arc<Failure>),
    /// Another runner took over the checkpoint.
    Fenced(Arc<str>),
    /// Another runner took it over for the second time within a minute.
    FencedAgain(Arc<str>),
    /// The program is older than an event or the read model.
    Outdated(Outdated),
    /// It may not run, for this reason.
    Refused(Arc<str>),
    /// The log is not the one of its checkpoint, for this reason. Only a rebuild may read the present log.
    LogLost(Arc<str>),
    /// The next generation that it has built now serves, and belongs to another runner.
    Serves,
}

impl End {
    /// Returns the reason to stop the builder of the next generation.
    const fn reason(&self) -> StopReason {
        match self {
            Self::Stopped(reason) => *reason,
            _ => StopReason::ManagerStopped,
        }
    }

    /// Returns the reason, if the end is a failure.
    fn failure(&self) -> Option<Arc<str>> {
        match self {
            Self::Faulted(failure) => Some(failure.to_string().into()),
            Self::Fenced(reason) | Self::FencedAgain(reason) | Self::Refused(reason) | Self::LogLost(reason) => {
                Some(Arc::clone(reason))
            }
            Self::Outdated(outdated) => Some(Arc::clone(&outdated.reason)),
            Self::Stopped(_) | Self::Serves => None,
        }
    }
}

impl<C: CheckpointStore> Runner<C> {
    pub(super) fn new(
        core: Arc<SubscriptionShared>,
        checkpoints: Arc<C>,
        subscriber: Arc<dyn ErasedSubscriber<C::Unit>>,
    ) -> Self {
        Self {
            control: core.control.subscribe(),
            // Listen before the first read, so that no append is missed in between.
            store_wake_up: core.store.wake_ups(),
            bus_wake_up: core.bus_wake_ups.listen(),
            reader: Arc::new(core.log.reader(core.filter.clone(), core.config.page_limit())),
            prefetched: None,
            known_log: KnownLog::default(),
            position: Position::START,
            saved: Position::START,
            saved_at: Instant::now(),
            in_doubt: None,
            unreported: 0,
            failed_commits: 0,
            high_water: Position::START,
            rebuild_to: None,
            rebuild: None,
            building: None,
            next: None,
            is_replaced: false,
            start: Position::START,
            cut_off: None,
            parked: Parked::default(),
            retrying: None,
            unstored: Unstored::default(),
            failing: Failing::new(core.config.failures.limit),
            one_by_one: false,
            heartbeat: None,
            epoch: 0,
            end: None,
            passed_from: Position::new(u64::MAX),
            looking: None,
            outdated: None,
            is_confirmed: false,
            fenced_at: None,
            delivery: delivery::of(core.kind),
            core,
            checkpoints,
            subscriber,
        }
    }

    /// Makes this the builder of the next generation of another subscription.
    fn building(mut self, building: ShadowSpec, tracked: Arc<Tracked>) -> Self {
        (self.building, self.rebuild) = (Some(Arc::new(building)), Some(tracked));
        self
    }

    async fn work(&mut self) -> Result<Infallible, End> {
        match self.claim().await {
            Err(End::LogLost(reason)) => self.rebuild_from_other_log(reason).await?,
            claimed => claimed?,
        }
        self.resume_next().await?;
        loop {
            self.poll_control().await?;
            self.serve_requests().await?;
            self.serve_next().await?;
            self.is_whole()?;
            if !self.step_log().await? && self.retrying.is_none() {
                self.idle().await?;
            }
        }
    }

    /// Moves to `position` after `handled` applied events
    /// ([progress past other events](crate::guarantees#progress-past-other-events)).
    ///
    /// Waits see it at once. If no event was applied, the checkpoint follows with the next batch, within a second, or
    /// at the stop.
    fn arrive(&mut self, position: Position, handled: usize) {
        self.position = self.position.max(position);
        self.high_water = self.high_water.max(self.position);
        self.rebuilt();
        let mark = self.known_log.pass(self.position);
        self.core.progress.remember(self.known_log.remembered(self.position, self.start));
        self.delivery.arrived(self, mark);
        if handled > 0 {
            self.failing.success();
        }
        self.core.progress.advance(self.position, handled as u64, self.working());
    }

    /// Returns the state of a working subscription: rebuilding, retrying letters, live or catching up.
    fn working(&self) -> SubscriptionState {
        if let Some(target) = self.rebuild_to {
            return SubscriptionState::Rebuilding { kind: RebuildKind::InPlace, target };
        }
        if let Some(retrying) = &self.retrying
            && self.is_replayed()
        {
            return retrying.state(self.parked.counts().waiting);
        }
        match self.end {
            Some(end) if self.position >= end => SubscriptionState::Live,
            _ => SubscriptionState::CatchingUp,
        }
    }
}

impl<C: CheckpointStore> Drop for Runner<C> {
    /// If the state is still a running one, the task has panicked, was aborted, or was dropped with its runtime.
    fn drop(&mut self) {
        let state = self.core.progress.snapshot().state;
        if state.is_running() && !state.is_restarting() {
            let panicking = std::thread::panicking();
            let reason = match *self.core.control.borrow() {
                Control::Stop(StopReason::DeadlinePassed) => StopReason::DeadlinePassed,
                _ if panicking => StopReason::RunnerPanicked,
                _ => StopReason::RuntimeShutDown,
            };
            self.core.progress.set_state(SubscriptionState::Stopped { reason });
        }
    }
}
