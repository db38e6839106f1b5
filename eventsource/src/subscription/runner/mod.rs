//! The runner: one task a subscription, which reads the log and applies it, in one loop for history and for what is new.
//!
//! ```text
//! claim the checkpoint -> [ heed the control -> read a page -> apply it -> (at the end of the log) wait ]*
//! ```
//!
//! Every step that can end the subscription returns an [`End`]; `?` carries it out of the loop. Two of them are followed by
//! another claim: see [`life`].

mod alone;
mod apply;
mod claim;
mod commit;
mod failing;
mod letters;
mod life;
mod lookups;
mod obstructed;
mod outdated;
mod owner;
mod pace;
mod parked;
mod plan;
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
use crate::projection::{CheckpointStore, LetterChange, ProjectionKind};
use crate::store::WakeUpReceiver;

/// The task of one subscription.
pub(super) struct Runner<C: CheckpointStore> {
    core: Arc<SubscriptionShared>,
    checkpoints: Arc<C>,
    subscriber: Arc<dyn ErasedSubscriber<C::Unit>>,
    control: watch::Receiver<Control>,
    store_wake_up: Option<WakeUpReceiver>,
    bus_wake_up: WakeUpReceiver,
    /// Its place among those who read the log.
    reader: Arc<Reader>,
    prefetched: Option<Prefetched>,
    known_log: KnownLog,
    /// Every event up to here is applied or passed over.
    position: Position,
    /// Where the stored checkpoint is: behind `position` only by events that are not the subscription's own.
    saved: Position,
    saved_at: Instant,
    /// The step whose commit gave no clear answer.
    in_doubt: Option<InDoubtCommit>,
    /// How many events were applied outside a transaction, and are not told of before their checkpoint is saved.
    unreported: usize,
    /// How many commits in a row gave no clear answer.
    failed_commits: u32,
    /// How far the subscription has been: beyond `position` while a memory projection begins anew.
    high_water: Position,
    /// Up to where the read model is being rebuilt.
    rebuild_to: Option<Position>,
    /// The rebuild, for whoever follows it.
    rebuild: Option<Arc<Tracked>>,
    /// Where it builds the next generation for another runner.
    building: Option<Arc<ShadowSpec>>,
    /// The runner that builds the next generation for this one.
    next: Option<ShadowBuild>,
    /// Whether the generation that it serves may have been replaced just now.
    is_replaced: bool,
    /// Where the subscription starts that has no checkpoint.
    start: Position,
    parked: Parked,
    /// The letters that are being retried.
    retrying: Option<Retrying>,
    /// What has become of a durable memory projection's dead letters since its state was stored.
    pending: Vec<LetterChange>,
    /// How many events were applied since then.
    handled_since: u64,
    failing: Failing,
    /// Whether each event is applied in a batch of its own, because a handler has changed its connection.
    one_by_one: bool,
    /// The failure after which a memory projection began anew, until its event is reached again.
    cut_off: Option<Arc<Failure>>,
    /// The owner's epoch, of a stored checkpoint.
    epoch: u64,
    /// Renews the lease on it.
    heartbeat: Option<Heartbeat>,
    /// Where the log ends, as far as the last page tells.
    end: Option<Position>,
    /// The first position after which it has read the log since its start.
    passed_from: Position,
    /// Looks at what was passed, for types that no code knows.
    looking: Option<LookTask>,
    /// Found while a request was served, and the end once that is answered.
    outdated: Option<Outdated>,
    /// Whether the checkpoint was this projection's at some time since the start.
    is_confirmed: bool,
    /// When it was fenced the last time.
    fenced_at: Option<Instant>,
}

/// Why the runner ends.
enum End {
    Stopped(StopReason),
    Faulted(Arc<Failure>),
    /// Another runner took the checkpoint over.
    Fenced(Arc<str>),
    /// The same, for the second time within a minute.
    FencedAgain(Arc<str>),
    /// The program is older than something that it would have to read.
    Outdated(Outdated),
    /// It is not run as things are, for this reason.
    Refused(Arc<str>),
    /// The log is not the one of its checkpoint, for this reason: it is not run, and a rebuild reads the log that is there.
    LogLost(Arc<str>),
    /// The next generation that it has built serves, and is another runner's.
    Serves,
}

impl End {
    /// Why what depends on the runner is stopped.
    const fn reason(&self) -> StopReason {
        match self {
            Self::Stopped(reason) => *reason,
            _ => StopReason::ManagerStopped,
        }
    }

    /// Why it failed, where it did.
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
            // Listening begins before the first read, so that no append falls between the two.
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
            pending: Vec::new(),
            handled_since: 0,
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
            core,
            checkpoints,
            subscriber,
        }
    }

    /// The same, to build the next generation of another one.
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

    /// Everything up to `position` is applied or passed over ([progress past other events](crate::guarantees#progress-past-other-events)), `handled` events of it applied just now.
    ///
    /// Who waits sees it at once; where nothing was applied, the checkpoint follows with the next batch, within a
    /// second, or at the stop.
    fn arrive(&mut self, position: Position, handled: usize) {
        self.position = self.position.max(position);
        self.high_water = self.high_water.max(self.position);
        self.rebuilt();
        let mark = self.known_log.pass(self.position);
        self.core.progress.remember(self.known_log.remembered(self.position, self.start));
        if self.core.kind == ProjectionKind::Memory {
            self.core.in_memory.move_to(self.position);
            self.core.in_memory.mark(mark);
        }
        if handled > 0 {
            self.failing.success();
        }
        self.core.progress.advance(self.position, handled as u64, self.working());
    }

    /// The state of a subscription that works: live at the end of the log, and catching up or rebuilding before it, unless
    /// letters are retried.
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
    /// A task that is dropped before it ended has panicked, or was dropped with its async runtime.
    fn drop(&mut self) {
        if self.core.progress.snapshot().state.is_running() {
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
