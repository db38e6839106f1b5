//! Samples of a manager, for gauges: from memory, with a few small questions to the stores.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::event::{Position, now};
use crate::projection::{CheckpointStore, LetterQuery};
use crate::store::EventLog;
use crate::subscription::RebuildKind;
use crate::subscription::log::SharedLog;
use crate::subscription::rebuild::tracked::Tracked;
use crate::subscription::state::bell::StateBell;
use crate::subscription::status::snapshot::SubscriptionSnapshot;
use crate::subscription::subscription_shared::SubscriptionShared;

/// How long a sample waits for the answer of a store.
const PATIENCE: Duration = Duration::from_secs(2);

/// Takes samples of the subscriptions of a manager. [`SubscriptionManager::sampler`] returns it.
///
/// It does not keep the manager alive.
///
/// [`SubscriptionManager::sampler`]: crate::SubscriptionManager::sampler
///
/// ```
/// # use eventsource::prelude::*;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let manager =
/// #     SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// let sampler = manager.sampler();
/// if let Some(sample) = sampler.sample().await {
///     for sampled in &sample.subscriptions {
///         println!("{}: {}", sampled.snapshot.name, sampled.snapshot.state);
///     }
/// }
/// drop(manager);
/// assert!(sampler.sample().await.is_none());
/// # });
/// ```
pub struct Sampler<C> {
    store: Arc<dyn EventLog>,
    log: Arc<SharedLog>,
    checkpoints: Arc<C>,
    bell: watch::Receiver<bool>,
    list: Box<List>,
}

type List = dyn Fn() -> Vec<Arc<SubscriptionShared>> + Send + Sync;

/// The subscriptions of a manager at one moment.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Sample {
    /// The furthest end of the log that this process has read; `None` before.
    pub head: Option<Position>,
    /// How long the log could not be read further ([`LogStall`](crate::store::LogStall)): zero if it can, `None` if the
    /// event store did not answer within 2 s.
    pub horizon_held: Option<Duration>,
    /// The subscriptions, ordered by name.
    pub subscriptions: Vec<SampledSubscription>,
}

/// A subscription at one moment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SampledSubscription {
    /// What this process knows about it.
    pub snapshot: SubscriptionSnapshot,
    /// Whether this process owns its checkpoint. Memory projections have no owner.
    pub has_lease: bool,
    /// How long ago the dead letter with the first position failed for the first time. `None` without letters, in a
    /// process that does not run the subscription, and if the checkpoint store did not answer within 2 s.
    pub oldest_letter: Option<Duration>,
    /// The rebuild that is under way.
    pub rebuild: Option<SampledRebuild>,
}

/// A rebuild at one moment. It is measured in positions, so no store is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct SampledRebuild {
    /// In place or side by side.
    pub kind: RebuildKind,
    /// The part that is done, from 0 to 1.
    pub ratio: f64,
    /// How long the rest takes at the rate since the rebuild began or continued in this process; `None` before the
    /// first events are passed.
    pub time_left: Option<Duration>,
}

impl SampledRebuild {
    fn of(tracked: &Tracked) -> Self {
        let (ratio, time_left) = tracked.estimate();
        Self { kind: tracked.kind, ratio, time_left }
    }

    /// Returns the sample of a rebuild that has ended.
    #[cfg(feature = "metrics")]
    pub(crate) const fn ended(kind: RebuildKind) -> Self {
        Self { kind, ratio: 0.0, time_left: Some(Duration::ZERO) }
    }
}

impl<C: CheckpointStore> Sampler<C> {
    pub(in crate::subscription) fn new(
        store: &Arc<dyn EventLog>,
        log: &Arc<SharedLog>,
        checkpoints: &Arc<C>,
        bell: &StateBell,
        list: impl Fn() -> Vec<Arc<SubscriptionShared>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            store: Arc::clone(store),
            log: Arc::clone(log),
            checkpoints: Arc::clone(checkpoints),
            bell: bell.listen(),
            list: Box::new(list),
        }
    }

    /// Takes a sample. Returns `None` after the manager was dropped.
    ///
    /// It reads what the subscriptions know. It asks the event store whether the log is stalled, and the checkpoint
    /// store for one dead letter of each subscription that has some. No answer is waited for longer than 2 s.
    pub async fn sample(&self) -> Option<Sample> {
        if *self.bell.borrow() {
            return None;
        }
        let stalled = timeout(PATIENCE, self.store.stalled_by()).await;
        let horizon_held = match stalled {
            Ok(Ok(stall)) => Some(stall.map_or(Duration::ZERO, |stall| stall.lasted)),
            Ok(Err(_)) | Err(_) => None,
        };
        let mut subscriptions = Vec::new();
        for core in (self.list)() {
            subscriptions.push(self.look_at(&core).await);
        }
        let head = self.log.heads().last().map(|(head, _)| head);
        Some(Sample { head, horizon_held, subscriptions })
    }

    /// Waits until the manager was dropped.
    pub async fn closed(&self) {
        // Without a sender, the manager is gone too.
        let _ = self.bell.clone().wait_for(|is_closed| *is_closed).await;
    }

    async fn look_at(&self, core: &Arc<SubscriptionShared>) -> SampledSubscription {
        let snapshot = SubscriptionSnapshot::of(core);
        let oldest_letter = match snapshot.dead_letters {
            None | Some(0) => None,
            Some(_) => self.oldest_letter(core).await,
        };
        SampledSubscription {
            has_lease: core.is_owner(),
            oldest_letter,
            rebuild: core.rebuilds.unfinished().map(|tracked| SampledRebuild::of(&tracked)),
            snapshot,
        }
    }

    async fn oldest_letter(&self, core: &SubscriptionShared) -> Option<Duration> {
        let query = LetterQuery::parking().limit(1);
        let letters = match core.facts.has_stored_checkpoint {
            true => timeout(PATIENCE, self.checkpoints.dead_letters(&core.name, query)).await.ok()?.ok()?,
            false => core.in_memory.letters(query),
        };
        let failed_at = letters.first()?.first_failed_at;
        Some((now() - failed_at).to_std().unwrap_or_default())
    }
}

impl<C> fmt::Debug for Sampler<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sampler").finish_non_exhaustive()
    }
}
