//! The runner: one task for each subscription, which reads the log and applies it, in one loop for old and new events.
//!
//! It is a state machine: `machine.rs` contains its states and every change of them. [`Context`] is what each state has,
//! [`Active`] is what only an owner of the checkpoint has, and [`Owner`] is both.
//!
//! ```text
//! claim the checkpoint -> [ obey the command -> serve requests -> read a page -> apply it -> (at the end of the log) wait ]*
//! ```
//!
//! Every step that can end the work returns an [`End`], which `?` carries out of the loop.

mod alone;
mod apply;
mod arrive;
mod batch_plan;
mod batch_span;
mod batch_told;
mod change;
mod claim;
mod close;
mod commit;
mod delivery;
mod exit;
mod failing;
mod heartbeat;
mod inbox;
mod letter_item;
mod letter_plan;
mod letter_requests;
mod letters;
mod lookups;
mod machine;
mod next_generation;
mod observed;
mod obstructed;
mod other_log;
mod outdated;
mod pace;
mod parked;
mod read;
mod rebuild;
mod recognise;
mod replay;
mod resume;
mod retrying;
mod shadow;
mod shadow_build;
mod shadow_cutover;
mod shadow_task;
mod shadow_wait;
mod skip;
mod slow;
mod standby;
mod tables;
mod transaction;
mod unknown;

pub(super) use self::exit::{Ended, Exit};
pub(super) use self::machine::Runner;

use std::sync::Arc;

use tokio::time::Instant;

use self::commit::InDoubtCommit;
use self::delivery::{Delivery, Unstored};
use self::failing::Failing;
use self::heartbeat::Heartbeat;
use self::inbox::Inbox;
use self::observed::BatchMeter;
use self::outdated::Outdated;
use self::parked::Parked;
use self::read::Prefetched;
use self::recognise::KnownLog;
use self::replay::Replay;
use self::resume::Resume;
use self::retrying::Retrying;
use self::shadow_task::ShadowTask;
use super::erased::ErasedSubscriber;
use super::log::Reader;
use super::subscription_shared::SubscriptionShared;
use super::{Failure, StopReason};
use crate::event::Position;
use crate::projection::{CheckpointStore, ServedRequest};
use crate::subscription::log::unknown_types::LookTask;

/// What a runner has in every state.
struct Context<C: CheckpointStore> {
    core: Arc<SubscriptionShared>,
    checkpoints: Arc<C>,
    subscriber: Arc<dyn ErasedSubscriber<C::Unit>>,
    /// What differs between the kinds of projection.
    delivery: &'static dyn Delivery<C>,
    inbox: Inbox,
    /// Its reader of the shared log.
    reader: Arc<Reader>,
    /// Where the subscription starts without a checkpoint.
    start: Position,
    /// The position after which it has read the log since its start.
    passed_from: Position,
    /// Looks for unknown event types among the events that were passed.
    looking: Option<LookTask>,
    /// Whether the checkpoint had this projection's fingerprint at some time since the start.
    is_confirmed: bool,
    /// When it was fenced the last time.
    fenced_at: Option<Instant>,
}

/// What a runner has while it owns the checkpoint.
struct Active {
    /// The epoch under which it owns the stored checkpoint.
    epoch: u64,
    /// Renews the lease on the stored checkpoint.
    heartbeat: Option<Heartbeat>,
    known_log: KnownLog,
    /// Every event up to this position is applied or skipped.
    position: Position,
    /// The position of the stored checkpoint. It is behind `position` only by skipped events.
    saved: Position,
    saved_at: Instant,
    /// The furthest position of the subscription. It is beyond `position` during a replay of a memory projection.
    high_water: Position,
    prefetched: Option<Prefetched>,
    /// The end of the log, according to the last page.
    end: Option<Position>,
    /// The step whose commit gave no clear answer.
    in_doubt: Option<InDoubtCommit>,
    /// The request that the next step serves.
    serving: Option<ServedRequest>,
    /// How many commits in a row gave no clear answer.
    failed_commits: u32,
    /// How many events were applied outside a transaction and are not reported before their checkpoint is saved.
    unreported: usize,
    /// What changed since the state of a durable memory projection was stored.
    unstored: Unstored,
    /// The rebuild that is under way.
    replay: Replay,
    /// The builder of the next generation.
    next: Option<ShadowTask>,
    /// Whether the next generation may be replacing the present one just now.
    is_replaced: bool,
    parked: Parked,
    /// The letters that are being retried.
    retrying: Option<Retrying>,
    failing: Failing,
    /// Whether each event is applied in a batch of its own, because a handler has changed its connection.
    one_by_one: bool,
    /// The failure after which a memory projection was replayed, until the replay reaches its event.
    cut_off: Option<Arc<Failure>>,
    /// Found while a request was served. Ends the work after the answer.
    outdated: Option<Outdated>,
    /// Whether it has reached the end of the log.
    has_been_live: bool,
    /// For the observers.
    meter: BatchMeter,
}

/// A runner that owns the checkpoint.
struct Owner<'a, C: CheckpointStore> {
    context: &'a mut Context<C>,
    active: &'a mut Active,
}

/// Why a runner leaves a state.
enum End {
    Stopped(StopReason),
    Faulted(Arc<Failure>),
    /// Another runner took over the checkpoint.
    Fenced(Arc<str>),
    /// The program is older than an event or the read model.
    Outdated(Outdated),
    /// It may not run, for this reason.
    Refused(Arc<str>),
    /// The log is not the one of its checkpoint, for this reason. Only a rebuild may read the present log.
    LogLost(Arc<str>),
    /// It has emptied or replaced its own checkpoint, and must claim the checkpoint again.
    Reclaim(Box<Resume>),
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
}

impl<C: CheckpointStore> Context<C> {
    fn new(core: Arc<SubscriptionShared>, checkpoints: Arc<C>, subscriber: Arc<dyn ErasedSubscriber<C::Unit>>) -> Self {
        Self {
            // Listen before the first read, so that no append is missed in between.
            inbox: Inbox::new(&core),
            reader: Arc::new(core.log.reader(core.filter.clone(), core.config.page_limit())),
            start: Position::START,
            passed_from: Position::new(u64::MAX),
            looking: None,
            is_confirmed: false,
            fenced_at: None,
            delivery: delivery::of(core.kind),
            core,
            checkpoints,
            subscriber,
        }
    }
}

impl Active {
    /// An owner at `position`, before which everything is applied and saved.
    fn new(position: Position, core: &SubscriptionShared) -> Self {
        Self {
            epoch: 0,
            heartbeat: None,
            known_log: KnownLog::default(),
            position,
            saved: position,
            saved_at: Instant::now(),
            high_water: position,
            prefetched: None,
            end: None,
            in_doubt: None,
            serving: None,
            failed_commits: 0,
            unreported: 0,
            unstored: Unstored::default(),
            replay: Replay::None,
            next: None,
            is_replaced: false,
            parked: Parked::default(),
            retrying: None,
            failing: Failing::new(core.config.failures.limit),
            one_by_one: false,
            cut_off: None,
            outdated: None,
            has_been_live: false,
            meter: BatchMeter::default(),
        }
    }
}
