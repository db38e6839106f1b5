//! Asks the stores what the statuses of subscriptions need: once for all of them.
//!
//! ```text
//! what the subscriptions know themselves -> the checkpoints and letters of those that stand by
//!   -> the backlogs of all positions -> who holds the log back -> the types that no code knows
//! ```
//!
//! Only the progress of a rebuild is asked for by itself.

use std::sync::Arc;

use super::HealthLimits;
use super::core::{Core, waiting_for};
use super::health::Health;
use super::progress::Snapshot;
use super::status::{Lag, SubscriptionStatus};
use crate::event::Position;
use crate::projection::CheckpointStore;
use crate::store::{Backlog, HeldBack, StoreError, StoredType};

/// How many types that no code knows a status lists at most.
const UNKNOWN_TYPES: usize = 100;

/// Where a subscription stands, in whichever process it runs.
pub(super) struct Standing {
    pub(super) core: Arc<Core>,
    pub(super) now: Snapshot,
    pub(super) lag: Result<Lag, Arc<StoreError>>,
}

type Unknown = Result<Vec<StoredType>, Arc<StoreError>>;

/// The status of one subscription.
pub(super) async fn status<C: CheckpointStore>(checkpoints: &C, core: &Arc<Core>) -> SubscriptionStatus {
    let mut standing = [Standing::new(core)];
    let held_back = measure(checkpoints, &mut standing, Lag::MOST + 1).await;
    let unknown = unknown_types(core).await;
    let [standing] = standing;
    describe(standing, held_back, unknown).await
}

/// The statuses of all subscriptions of a manager.
pub(super) async fn statuses<C: CheckpointStore>(checkpoints: &C, cores: &[Arc<Core>]) -> Vec<SubscriptionStatus> {
    let Some(any) = cores.first() else { return Vec::new() };
    let mut standings: Vec<_> = cores.iter().map(Standing::new).collect();
    let held_back = measure(checkpoints, &mut standings, Lag::MOST + 1).await;
    let unknown = unknown_types(any).await;
    let mut statuses = Vec::with_capacity(standings.len());
    for standing in standings {
        statuses.push(describe(standing, held_back.clone(), unknown.clone()).await);
    }
    statuses
}

/// The health of all subscriptions of a manager.
pub(super) async fn health<C: CheckpointStore>(checkpoints: &C, cores: &[Arc<Core>], limits: HealthLimits) -> Health {
    let mut standings: Vec<_> = cores.iter().map(Standing::new).collect();
    measure(checkpoints, &mut standings, limits.events.max(Lag::MOST).saturating_add(1)).await;
    Health::of(&standings, limits)
}

impl Standing {
    fn new(core: &Arc<Core>) -> Self {
        Self { core: Arc::clone(core), now: core.progress.snapshot(), lag: Ok(Lag::default()) }
    }

    fn position(&self) -> Position {
        self.now.position.unwrap_or(Position::START)
    }

    fn stands_by(&self) -> bool {
        self.core.runs_elsewhere(&self.now.state)
    }
}

/// Measures how far each of them is behind, counting up to `most` events, and returns who holds the log back.
async fn measure<C: CheckpointStore>(checkpoints: &C, standings: &mut [Standing], most: u64) -> Option<HeldBack> {
    follow_owners(checkpoints, standings).await;
    let store = Arc::clone(&standings.first()?.core.store);
    let mut positions: Vec<_> = standings.iter().map(Standing::position).collect();
    positions.sort_unstable();
    positions.dedup();
    let backlogs = store.backlogs(&positions, most).await.map_err(Arc::new);
    // Where the store does not answer, the lag says so.
    let held_back = store.held_back().await.ok().flatten();
    for standing in standings {
        let at = standing.position();
        let backlog = |backlogs: &Vec<Backlog>| {
            let index = positions.binary_search(&at).ok();
            index.and_then(|index| backlogs.get(index)).copied().unwrap_or_default()
        };
        let heads = standing.core.log.heads();
        standing.lag = backlogs.as_ref().map_err(Arc::clone).map(|backlogs| {
            let backlog = backlog(backlogs);
            // No two events share a position.
            heads.see(Position::new(at.value().saturating_add(backlog.events)));
            Lag::of(backlog, heads.beyond(at))
        });
        if standing.lag.as_ref().is_ok_and(|lag| lag.events == 0) {
            standing.now.state = waiting_for(standing.now.state.clone(), held_back.as_ref());
        }
    }
    held_back
}

/// Takes over what the owners have stored of those subscriptions that stand by. Where the checkpoint store does not
/// answer, that is as old as the last claim.
async fn follow_owners<C: CheckpointStore>(checkpoints: &C, standings: &mut [Standing]) {
    if !standings.iter().any(Standing::stands_by) {
        return;
    }
    let aside = standings.iter().filter(|standing| standing.stands_by());
    let names: Vec<_> = aside.map(|standing| standing.core.name.clone()).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let (stored, counts) = (checkpoints.list().await, checkpoints.letter_counts(&names).await);
    for standing in standings.iter_mut().filter(|standing| standing.stands_by()) {
        let name = &standing.core.name;
        if let Ok(stored) = &stored {
            standing.now.position = stored.iter().find(|found| found.name == *name).map(|found| found.position);
        }
        if let Ok(counts) = &counts {
            standing.now.letters = counts.get(name).copied().unwrap_or_default();
        }
    }
}

async fn unknown_types(core: &Core) -> Unknown {
    let all = Position::new(u64::MAX);
    let found = core.catalogue.unknown_in(&*core.store, Position::START, all, UNKNOWN_TYPES).await;
    found.map_err(Arc::new)
}

async fn describe(standing: Standing, held_back: Option<HeldBack>, unknown_types: Unknown) -> SubscriptionStatus {
    let Standing { core, now, lag } = standing;
    let Snapshot { state, position, is_recognised: _, looked: _, handled, last_error, letters } = now;
    let rebuild = match core.rebuilds.unfinished() {
        Some(tracked) => Some(tracked.progress(&*core.store).await),
        None => None,
    };
    SubscriptionStatus {
        name: core.name.clone(),
        state,
        position,
        events_handled: handled,
        last_error,
        dead_letters: letters.waiting,
        events_held: letters.held,
        rebuild,
        guarantee: core.kind.guarantee(),
        lag,
        held_back,
        unknown_types,
    }
}
