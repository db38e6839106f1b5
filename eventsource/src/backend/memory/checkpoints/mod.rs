//! Checkpoints in memory.

mod owners;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::time::Instant;

use self::owners::Owned;
use super::tables::{Shared, Transaction};
use crate::event::{Position, RecordedEvent, StreamId, now};
use crate::projection::{
    Checkpoint, CheckpointError, CheckpointReset, CheckpointStore, CheckpointUpdate, Claim, ClaimError, CommitError,
    DeadLetter, LetterCounts, LetterQuery, Letters, ProjectionSnapshot, TableOwners, UnitOfWork,
};
use crate::read_model::scope::RepositoryScope;
use crate::read_model::session::RepositorySession;

/// Keeps checkpoints in memory. They are lost when the last clone is dropped.
///
/// Use it for memory projections, whose state is lost with the process as well, and for tests. Handlers can ask its
/// unit of work for repositories of read models in memory: see
/// [`MemoryReadModels`](crate::memory::MemoryReadModels).
///
/// ```
/// use eventsource::{MemoryCheckpoints, MemoryEventBus, MemoryEventStore, SubscriptionManager};
///
/// let manager = SubscriptionManager::new(MemoryEventStore::new(), MemoryEventBus::new(), MemoryCheckpoints::new());
/// # let _ = manager;
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryCheckpoints {
    rows: Arc<Mutex<BTreeMap<String, Row>>>,
    owned: Arc<Mutex<Owned>>,
    tables: Arc<Shared>,
}

/// A checkpoint, or the rest of one after a reset: the next epoch continues from its epoch.
#[derive(Debug, Default)]
struct Row {
    checkpoint: Option<Checkpoint>,
    epoch: u64,
    rebuild_to: Option<Position>,
    letters: Letters,
    snapshot: Option<ProjectionSnapshot>,
    /// The owner of the lease and its end, by Tokio's clock: it stands still if a test pauses it.
    leased: Option<(Arc<str>, Instant)>,
}

impl Row {
    /// Returns why the claim fails.
    fn check(&self, claim: &Claim<'_>) -> Result<(), ClaimError> {
        if let Some(found) = self.checkpoint.as_ref().filter(|found| claim.refuses(&found.fingerprint)) {
            return Err(ClaimError::Changed { name: claim.name.to_owned(), found: found.fingerprint.clone() });
        }
        if let (Some(lease), Some((owner, until))) = (&claim.lease, &self.leased)
            && lease.owner != *owner
            && *until > Instant::now()
        {
            let until = now() + until.duration_since(Instant::now());
            return Err(ClaimError::Held { name: claim.name.to_owned(), owner: owner.to_string(), until });
        }
        Ok(())
    }

    /// Returns an epoch that no owner of the subscription has had. This row has all its slices.
    fn next_epoch(&mut self) -> u64 {
        self.epoch += 1;
        if let Some(checkpoint) = &mut self.checkpoint {
            checkpoint.epoch = self.epoch;
        }
        self.epoch
    }

    fn claim(&mut self, claim: &Claim<'_>, epoch: u64) -> Checkpoint {
        self.leased = claim.lease.as_ref().map(|lease| (Arc::clone(&lease.owner), Instant::now() + lease.time));
        self.epoch = epoch;
        let rebuild_to = self.rebuild_to.take();
        let checkpoint = Checkpoint::claimed(self.checkpoint.as_ref(), claim, epoch, rebuild_to);
        self.checkpoint = Some(checkpoint.clone());
        checkpoint
    }

    /// Applies `step`, except for its letters, which belong to the subscription.
    ///
    /// # Errors
    /// The stored checkpoint, if it is at another position or has another owner.
    fn advance(&mut self, step: &CheckpointUpdate) -> Result<(), Option<Box<Checkpoint>>> {
        let Some(checkpoint) = &mut self.checkpoint else { return Err(None) };
        if (checkpoint.position, checkpoint.epoch) != (step.from, step.epoch) {
            return Err(Some(Box::new(checkpoint.clone())));
        }
        checkpoint.advance(step);
        if let Some(state) = &step.snapshot {
            self.snapshot = Some(ProjectionSnapshot::new(step.to, checkpoint.fingerprint.clone(), state.clone()));
        }
        self.renew(step.lease.filter(|time| !time.is_zero()));
        Ok(())
    }

    fn renew(&mut self, time: Option<Duration>) {
        match (time, &mut self.leased) {
            (Some(Duration::ZERO), leased) => *leased = None,
            (Some(time), Some((_, until))) => *until = Instant::now() + time,
            _ => {}
        }
    }
}

impl MemoryCheckpoints {
    /// Creates an empty store.
    ///
    /// ```
    /// use eventsource::{MemoryCheckpoints, MemoryReadModels};
    ///
    /// let checkpoints = MemoryCheckpoints::new();
    /// let read_models = MemoryReadModels::new(&checkpoints); // its rows commit together with these checkpoints
    /// # let _ = read_models;
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the tables of read models, which commit together with the checkpoints.
    pub(super) const fn tables(&self) -> &Arc<Shared> {
        &self.tables
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<String, Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl CheckpointStore for MemoryCheckpoints {
    type Unit = MemoryUnit;

    async fn load(&self, name: &str) -> Result<Option<Checkpoint>, CheckpointError> {
        Ok(self.rows().get(name).and_then(|row| row.checkpoint.clone()))
    }

    async fn list(&self) -> Result<Vec<Checkpoint>, CheckpointError> {
        let mut all: Vec<_> = self.rows().values().filter_map(|row| row.checkpoint.clone()).collect();
        all.sort_by(|one, other| (&one.name, one.slices).cmp(&(&other.name, other.slices)));
        Ok(all)
    }

    async fn claim(&self, claim: &Claim<'_>) -> Result<Checkpoint, ClaimError> {
        let (mut rows, key) = (self.rows(), claim.key().into_owned());
        rows.get(&key).map_or(Ok(()), |row| row.check(claim))?;
        let epoch = rows.entry(claim.name.to_owned()).or_default().next_epoch();
        Ok(rows.entry(key).or_default().claim(claim, epoch))
    }

    async fn renew(&self, name: &str, epoch: u64, time: Duration) -> Result<bool, CheckpointError> {
        let mut rows = self.rows();
        let is_owned = |row: &&mut Row| {
            row.checkpoint.as_ref().is_some_and(|checkpoint| (&*checkpoint.name, checkpoint.epoch) == (name, epoch))
        };
        let mut is_renewed = false;
        for row in rows.values_mut().filter(is_owned) {
            row.renew(Some(time));
            is_renewed = true;
        }
        Ok(is_renewed)
    }

    async fn dead_letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError> {
        Ok(self.rows().get(name).map(|row| row.letters.page(query)).unwrap_or_default())
    }

    async fn dead_letter(&self, name: &str, position: Position) -> Result<Option<DeadLetter>, CheckpointError> {
        Ok(self.rows().get(name).and_then(|row| row.letters.get(position).cloned()))
    }

    async fn parked(&self, name: &str, streams: &[StreamId]) -> Result<Vec<DeadLetter>, CheckpointError> {
        let rows = self.rows();
        let Some(row) = rows.get(name) else { return Ok(Vec::new()) };
        Ok(streams.iter().filter_map(|stream| row.letters.parked(stream).cloned()).collect())
    }

    async fn letter_counts(&self, names: &[&str]) -> Result<BTreeMap<String, LetterCounts>, CheckpointError> {
        let rows = self.rows();
        let counts = names.iter().filter_map(|&name| Some((name.to_owned(), rows.get(name)?.letters.counts())));
        Ok(counts.filter(|(_, counts)| counts.waiting > 0).collect())
    }

    async fn forget_dismissed(&self, name: &str, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        Ok(self.rows().get_mut(name).map_or(0, |row| row.letters.forget_dismissed(before)))
    }

    async fn snapshot(&self, name: &str) -> Result<Option<ProjectionSnapshot>, CheckpointError> {
        Ok(self.rows().get(name).and_then(|row| row.snapshot.clone()))
    }

    async fn begin(&self) -> Result<MemoryUnit, CheckpointError> {
        Ok(self.detached())
    }

    fn detached(&self) -> MemoryUnit {
        MemoryUnit { checkpoints: self.clone(), scope: RepositoryScope::default() }
    }

    fn owners(&self) -> Option<&dyn TableOwners> {
        Some(self)
    }

    fn is_durable(&self) -> bool {
        false
    }
}

/// The unit of work of [`MemoryCheckpoints`]: a transaction over read models in memory.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::memory::{MemoryCheckpoints, MemoryUnit};
/// use eventsource::projection::{CheckpointStore, UnitOfWork};
///
/// let unit: MemoryUnit = MemoryCheckpoints::new().begin().await?;
/// unit.rollback().await;
/// # Ok::<(), eventsource::projection::CheckpointError>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct MemoryUnit {
    checkpoints: MemoryCheckpoints,
    scope: RepositoryScope,
}

impl MemoryUnit {
    /// Returns the session of the batch's repositories. The first one waits until no other batch writes.
    pub(super) async fn session(&mut self) -> Arc<RepositorySession> {
        if let Some(session) = self.scope.session() {
            return session;
        }
        let transaction = Transaction::begin(Arc::clone(&self.checkpoints.tables)).await;
        self.scope.open_session(Box::new(transaction))
    }

    /// Returns when the current event occurred; now, if there is none.
    pub(super) fn time(&self) -> DateTime<Utc> {
        self.scope.time()
    }

    /// Makes the rows that the batch wrote visible to readers.
    fn publish(&self) {
        if let Some(session) = self.scope.session() {
            session.publish();
        }
    }
}

impl UnitOfWork for MemoryUnit {
    async fn commit(self, step: &CheckpointUpdate) -> Result<(), CommitError> {
        self.scope.flush().await?;
        let mut rows = self.checkpoints.rows();
        match rows.get_mut(&*step.key()).map_or(Err(None), |row| row.advance(step)) {
            Ok(()) => {
                let letters = &mut rows.entry(step.name.clone()).or_default().letters;
                step.letters.iter().for_each(|change| letters.change(change));
                self.publish();
                Ok(())
            }
            Err(found) => Err(CommitError::Fenced { step: Box::new(step.clone()), found }),
        }
    }

    async fn clear(self, clear: &CheckpointReset) -> Result<(), CommitError> {
        self.scope.flush().await?;
        let mut rows = self.checkpoints.rows();
        let row = rows.get_mut(&clear.name);
        let is_owned = row.as_ref().is_some_and(|row| row.checkpoint.is_some() && Some(row.epoch) == clear.owner);
        if clear.owner.is_some() && !is_owned {
            return Err(CommitError::NotOwned { clear: Box::new(clear.clone()) });
        }
        if let Some(row) = row {
            *row = Row { epoch: row.epoch + 1, rebuild_to: clear.rebuild_to, ..Row::default() };
        }
        self.publish();
        Ok(())
    }

    async fn rollback(self) {}

    fn begin_batch(&mut self, events: &[Arc<RecordedEvent>]) {
        self.scope.begin_batch(events);
    }

    fn begin_event(&mut self, event: &RecordedEvent) {
        self.scope.begin_event(event);
    }
}
