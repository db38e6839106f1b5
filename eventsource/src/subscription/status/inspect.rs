//! Inspects subscriptions: collects their statuses. The stores are asked once for all subscriptions of a manager.
//!
//! ```text
//! what the subscriptions know -> the checkpoints and letters of standbys -> the backlogs of all positions
//!   -> the transaction that stalls the log -> the unknown event types -> one query for each running rebuild
//! ```

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::event::Position;
use crate::projection::{CheckpointError, CheckpointStore, LetterCounts};
use crate::store::{Backlog, LogStall, StoreError, StoredType};
use crate::subscription::SubscriptionState;
use crate::subscription::log::catalogue::NO_TYPES;
use crate::subscription::state::progress::ProgressSnapshot;
use crate::subscription::status::subscription_status::{Lag, SubscriptionStatus};
use crate::subscription::subscription_shared::{SubscriptionShared, waiting_for};

/// The largest number of unknown event types in a status.
const UNKNOWN_TYPES: usize = 100;

/// The progress and the lag of a subscription, in whichever process it runs.
pub(in crate::subscription) struct Overview {
    pub(in crate::subscription) core: Arc<SubscriptionShared>,
    pub(in crate::subscription) now: ProgressSnapshot,
    pub(in crate::subscription) lag: Result<Lag, Arc<StoreError>>,
    letters: Letters,
}

/// How long a status waits for all answers of the stores. Later answers are reported as missing: an operator who asks
/// why nothing moves must not wait for the lock that is the reason.
const ANSWERED_WITHIN: Duration = Duration::from_secs(3);

/// The time after which no answer is waited for.
#[derive(Clone, Copy)]
struct Deadline(Instant);

impl Deadline {
    fn new() -> Self {
        Self(Instant::now() + ANSWERED_WITHIN)
    }

    /// Returns the answer to `question`, and `None` if it does not come in time.
    async fn answer<T>(self, question: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.0, question).await.ok()
    }

    async fn of_store<T>(
        self,
        action: &str,
        question: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, Arc<StoreError>> {
        match self.answer(question).await {
            Some(answer) => answer.map_err(Arc::new),
            None => Err(Arc::new(StoreError::Unanswered { action: action.to_owned(), waited: ANSWERED_WITHIN })),
        }
    }
}

type Letters = Result<LetterCounts, Arc<CheckpointError>>;

type Stall = Result<Option<LogStall>, Arc<StoreError>>;

type Unknown = Result<Vec<StoredType>, Arc<StoreError>>;

/// Returns the status of one subscription.
pub(in crate::subscription) async fn inspect<C: CheckpointStore>(
    checkpoints: &C,
    core: &Arc<SubscriptionShared>,
) -> SubscriptionStatus {
    let (mut overview, deadline) = ([Overview::new(core)], Deadline::new());
    let stalled_by = measure(checkpoints, &mut overview, deadline).await;
    let unknown = unknown_types(core, deadline).await;
    let [overview] = overview;
    describe(overview, stalled_by, unknown, deadline).await
}

/// Returns the statuses of all subscriptions of a manager.
pub(in crate::subscription) async fn inspect_all<C: CheckpointStore>(
    checkpoints: &C,
    cores: &[Arc<SubscriptionShared>],
) -> Vec<SubscriptionStatus> {
    let Some(any) = cores.first() else { return Vec::new() };
    let (mut overviews, deadline): (Vec<_>, _) = (cores.iter().map(Overview::new).collect(), Deadline::new());
    let stalled_by = measure(checkpoints, &mut overviews, deadline).await;
    let unknown = unknown_types(any, deadline).await;
    let mut statuses = Vec::with_capacity(overviews.len());
    for overview in overviews {
        statuses.push(describe(overview, stalled_by.clone(), unknown.clone(), deadline).await);
    }
    statuses
}

impl Overview {
    fn new(core: &Arc<SubscriptionShared>) -> Self {
        let now = core.progress.snapshot();
        let letters = Ok(now.letters);
        Self { core: Arc::clone(core), now, lag: Ok(Lag::default()), letters }
    }

    fn position(&self) -> Position {
        self.now.position.unwrap_or(Position::START)
    }

    fn stands_by(&self) -> bool {
        self.core.runs_elsewhere(&self.now.state)
    }
}

/// Measures the lag of each subscription, counting up to [`Lag::MOST`] events and one more. Returns the transaction that
/// stalls the log.
async fn measure<C: CheckpointStore>(checkpoints: &C, overviews: &mut [Overview], deadline: Deadline) -> Stall {
    follow_owners(checkpoints, overviews, deadline).await;
    let Some(first) = overviews.first() else { return Ok(None) };
    let store = Arc::clone(&first.core.store);
    let mut positions: Vec<_> = overviews.iter().map(Overview::position).collect();
    positions.sort_unstable();
    positions.dedup();
    let backlogs = deadline.of_store("count what is left to apply", store.backlogs(&positions, Lag::MOST + 1)).await;
    let backlogs = backlogs.and_then(|backlogs| one_for_each(&positions, backlogs).map_err(Arc::new));
    let stalled_by = deadline.of_store("find what stalls the log", store.stalled_by()).await;
    for overview in overviews {
        let at = overview.position();
        let backlog = |backlogs: &Vec<Backlog>| {
            let index = positions.binary_search(&at).ok();
            index.and_then(|index| backlogs.get(index)).copied().unwrap_or_default()
        };
        let heads = overview.core.log.heads();
        overview.lag = backlogs.as_ref().map_err(Arc::clone).map(|backlogs| {
            let backlog = backlog(backlogs);
            // Positions are unique, so the head is at least that many positions further on.
            heads.see(Position::new(at.value().saturating_add(backlog.events)));
            Lag::of(backlog, heads.beyond(at))
        });
        if overview.lag.as_ref().is_ok_and(|lag| lag.events == 0) {
            overview.now.state =
                waiting_for(overview.now.state.clone(), stalled_by.as_ref().ok().and_then(Option::as_ref));
        }
    }
    stalled_by
}

/// Refuses the answer of a store that has not one backlog for each position: a missing one would look like no lag.
fn one_for_each(positions: &[Position], backlogs: Vec<Backlog>) -> Result<Vec<Backlog>, StoreError> {
    if backlogs.len() == positions.len() {
        return Ok(backlogs);
    }
    let (asked, got) = (positions.len(), backlogs.len());
    let source = format!("`EventLog::backlogs` returned {got} backlogs for {asked} positions").into();
    Err(StoreError::Failed { action: "count what is left to apply".to_owned(), source })
}

/// Replaces the position and the letters of each standby by what its owner has stored. If the checkpoint store does not
/// answer, the position is the one that this process read last, and the letters are unknown.
async fn follow_owners<C: CheckpointStore>(checkpoints: &C, overviews: &mut [Overview], deadline: Deadline) {
    if !overviews.iter().any(Overview::stands_by) {
        return;
    }
    let aside = overviews.iter().filter(|overview| overview.stands_by());
    let names: Vec<_> = aside.map(|overview| overview.core.name.as_str()).collect();
    let stored = deadline.answer(checkpoints.list()).await;
    let counts = match deadline.answer(checkpoints.letter_counts(&names)).await {
        Some(counts) => counts.map_err(Arc::new),
        None => Err(Arc::new(CheckpointError::Unanswered {
            action: "count the dead letters".to_owned(),
            waited: ANSWERED_WITHIN,
        })),
    };
    for overview in overviews.iter_mut().filter(|overview| overview.stands_by()) {
        let name = &overview.core.name;
        if let Some(Ok(stored)) = &stored {
            overview.now.position =
                stored.iter().find(|found| found.name == *name && found.slices.is_all()).map(|found| found.position);
        }
        overview.letters =
            counts.as_ref().map(|counts| counts.get(name).copied().unwrap_or_default()).map_err(Arc::clone);
    }
}

async fn unknown_types(core: &SubscriptionShared, deadline: Deadline) -> Unknown {
    let all = Position::new(u64::MAX);
    let found = core.catalogue.unknown_in(&*core.store, Position::START, all, UNKNOWN_TYPES, &NO_TYPES);
    deadline.of_store("list the types of stored events", found).await
}

async fn describe(
    overview: Overview,
    stalled_by: Stall,
    unknown_types: Unknown,
    deadline: Deadline,
) -> SubscriptionStatus {
    let Overview { core, now, lag, letters } = overview;
    let ProgressSnapshot { state, position, handled, last_failure, .. } = now;
    let rebuild = match core.rebuilds.unfinished() {
        Some(tracked) => {
            let counted = deadline.answer(tracked.progress(&*core.store)).await;
            Some(counted.unwrap_or_else(|| tracked.uncounted()))
        }
        None => None,
    };
    SubscriptionStatus {
        name: core.name.clone(),
        pause_reason: core.pause_reason().filter(|_| matches!(state, SubscriptionState::Paused)),
        state,
        position,
        events_handled: handled,
        last_error: last_failure.map(|failure| failure.error),
        dead_letters: letters.as_ref().map(|letters| letters.waiting).map_err(Arc::clone),
        events_held: letters.map(|letters| letters.held),
        rebuild,
        guarantee: core.kind.guarantee(),
        lag,
        stalled_by,
        unknown_types,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backlogs_that_are_not_one_for_each_position_are_an_error() {
        let positions = [Position::START, Position::new(7)];
        assert!(one_for_each(&positions, vec![Backlog::default(); 2]).is_ok());
        for count in [0, 1, 3] {
            assert!(matches!(
                one_for_each(&positions, vec![Backlog::default(); count]),
                Err(StoreError::Failed { .. })
            ));
        }
    }
}
