//! Checkpoints in memory.

mod clock;
mod operations;
mod owners;
mod trials;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use self::clock::Clock;
use self::owners::Owned;
use super::tables::{Shared, Tables, Transaction};
use crate::event::{Position, RecordedEvent, SliceRange, StreamId};
use crate::projection::operations::Operations;
use crate::projection::{
    Checkpoint, CheckpointError, CheckpointReset, CheckpointStore, CheckpointUpdate, Claim, ClaimError, CommitError,
    DeadLetter, LetterCounts, LetterQuery, ProjectionSnapshot, StoredSubscription, TableOwners, Trials, UnitOfWork,
};
use crate::read_model::scope::RepositoryScope;
use crate::read_model::session::RepositorySession;
use crate::store::WakeUpSender;

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
    subscriptions: Arc<Mutex<Subscriptions>>,
    owned: Arc<Mutex<Owned>>,
    operations: Arc<Mutex<operations::Stored>>,
    announced: Arc<WakeUpSender>,
    tables: Arc<Shared>,
    clock: Clock,
}

/// The subscriptions by name.
type Subscriptions = BTreeMap<String, StoredSubscription>;

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

    fn subscriptions(&self) -> MutexGuard<'_, Subscriptions> {
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl CheckpointStore for MemoryCheckpoints {
    type Unit = MemoryUnit;

    async fn load(&self, name: &str) -> Result<Option<Checkpoint>, CheckpointError> {
        self.load_slices(name, SliceRange::ALL).await
    }

    async fn load_slices(&self, name: &str, slices: SliceRange) -> Result<Option<Checkpoint>, CheckpointError> {
        Ok(self.subscriptions().get(name).and_then(|stored| stored.checkpoint(slices).cloned()))
    }

    async fn list(&self) -> Result<Vec<Checkpoint>, CheckpointError> {
        Ok(self.subscriptions().values().flat_map(StoredSubscription::checkpoints).cloned().collect())
    }

    async fn claim(&self, claim: &Claim<'_>) -> Result<Checkpoint, ClaimError> {
        self.subscriptions().entry(claim.name.to_owned()).or_default().claim(claim, self.clock.now())
    }

    async fn renew(&self, name: &str, epoch: u64, time: Duration) -> Result<bool, CheckpointError> {
        let now = self.clock.now();
        Ok(self.subscriptions().get_mut(name).is_some_and(|stored| stored.renew(epoch, time, now)))
    }

    async fn dead_letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError> {
        Ok(self.subscriptions().get(name).map_or_else(Vec::new, |stored| stored.letters().page(query)))
    }

    async fn dead_letter(&self, name: &str, position: Position) -> Result<Option<DeadLetter>, CheckpointError> {
        Ok(self.subscriptions().get(name).and_then(|stored| stored.letters().get(position).cloned()))
    }

    async fn parked(&self, name: &str, streams: &[StreamId]) -> Result<Vec<DeadLetter>, CheckpointError> {
        let subscriptions = self.subscriptions();
        let Some(stored) = subscriptions.get(name) else { return Ok(Vec::new()) };
        Ok(streams.iter().filter_map(|stream| stored.letters().parked(stream).cloned()).collect())
    }

    async fn letter_counts(&self, names: &[&str]) -> Result<BTreeMap<String, LetterCounts>, CheckpointError> {
        let stored = self.subscriptions();
        let counts = names.iter().filter_map(|&name| Some((name.to_owned(), stored.get(name)?.letters().counts())));
        Ok(counts.filter(|(_, counts)| counts.waiting > 0).collect())
    }

    async fn forget_dismissed(&self, name: &str, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        Ok(self.subscriptions().get_mut(name).map_or(0, |stored| stored.forget_dismissed(before)))
    }

    async fn snapshot(&self, name: &str) -> Result<Option<ProjectionSnapshot>, CheckpointError> {
        Ok(self.subscriptions().get(name).and_then(|stored| stored.snapshot().cloned()))
    }

    async fn begin(&self) -> Result<MemoryUnit, CheckpointError> {
        Ok(self.detached())
    }

    fn detached(&self) -> MemoryUnit {
        MemoryUnit { checkpoints: self.clone(), scope: RepositoryScope::default(), look: None }
    }

    fn trials(&self) -> Option<&dyn Trials<MemoryUnit>> {
        Some(self)
    }

    fn owners(&self) -> Option<&dyn TableOwners> {
        Some(self)
    }

    fn operations(&self) -> Option<&dyn Operations> {
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
    /// The rows that a trial is compared with.
    look: Option<Tables>,
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
        let mut subscriptions = self.checkpoints.subscriptions();
        match subscriptions.get_mut(&step.name) {
            Some(stored) => stored.update(step, self.checkpoints.clock.now())?,
            None => return Err(CommitError::Fenced { step: Box::new(step.clone()), found: None }),
        }
        self.publish();
        Ok(())
    }

    async fn clear(self, clear: &CheckpointReset) -> Result<(), CommitError> {
        self.scope.flush().await?;
        let mut subscriptions = self.checkpoints.subscriptions();
        match subscriptions.get_mut(&clear.name) {
            Some(stored) => stored.clear(clear)?,
            None if clear.owner.is_some() => return Err(CommitError::NotOwned { clear: Box::new(clear.clone()) }),
            None => {}
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
