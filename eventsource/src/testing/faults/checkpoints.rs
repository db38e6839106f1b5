//! A checkpoint store with fault injection.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::unit::failed;
use super::{Faults, FaultyUnit, Point};
use crate::event::{Position, StreamId};
use crate::projection::{
    Checkpoint, CheckpointError, CheckpointStore, Claim, ClaimError, DeadLetter, Finding, LetterCounts, LetterGroups,
    LetterKey, LetterPage, LetterQuery, LetterSearch, ProjectionSnapshot, TableOwners,
};

/// Wraps a checkpoint store and injects faults into its calls, and into those of its units of work ([`FaultyUnit`]). It
/// does not support next generations of read models, even if the wrapped store does. See the [module](super) for an
/// example.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::MemoryCheckpoints;
/// use eventsource::projection::CheckpointStore;
/// use eventsource::testing::faults::{Fault, Faults, FaultyCheckpoints, Point};
///
/// let faults = Faults::new();
/// let checkpoints = FaultyCheckpoints::new(MemoryCheckpoints::new(), &faults);
/// faults.next(Point::Load, Fault::Fail, 1);
/// assert!(checkpoints.load("orders").await.is_err());
/// assert!(checkpoints.load("orders").await.is_ok());
/// # });
/// ```
#[derive(Debug, Clone, Default)]
pub struct FaultyCheckpoints<C> {
    inner: C,
    faults: Faults,
}

impl<C> FaultyCheckpoints<C> {
    /// Wraps `inner`. `faults` decides what fails.
    ///
    /// ```
    /// use eventsource::MemoryCheckpoints;
    /// use eventsource::testing::faults::{Faults, FaultyCheckpoints};
    ///
    /// let checkpoints = FaultyCheckpoints::new(MemoryCheckpoints::new(), &Faults::new());
    /// # let _ = checkpoints;
    /// ```
    pub fn new(inner: C, faults: &Faults) -> Self {
        Self { inner, faults: faults.clone() }
    }

    /// Returns the wrapped store.
    ///
    /// ```
    /// use eventsource::testing::faults::{Faults, FaultyCheckpoints};
    /// use eventsource::{MemoryCheckpoints, MemoryReadModels};
    ///
    /// let checkpoints = FaultyCheckpoints::new(MemoryCheckpoints::new(), &Faults::new());
    /// let rows = MemoryReadModels::new(checkpoints.inner());
    /// # let _ = rows;
    /// ```
    pub const fn inner(&self) -> &C {
        &self.inner
    }
}

#[async_trait]
impl<C: CheckpointStore> CheckpointStore for FaultyCheckpoints<C> {
    type Unit = FaultyUnit<C::Unit>;

    async fn load(&self, name: &str) -> Result<Option<Checkpoint>, CheckpointError> {
        self.faults.around(Point::Load, self.inner.load(name), failed("load a checkpoint")).await
    }

    async fn list(&self) -> Result<Vec<Checkpoint>, CheckpointError> {
        self.faults.around(Point::List, self.inner.list(), failed("list the checkpoints")).await
    }

    async fn claim(&self, claim: &Claim<'_>) -> Result<Checkpoint, ClaimError> {
        let error = |injected| failed("claim a checkpoint")(injected).into();
        self.faults.around(Point::Claim, self.inner.claim(claim), error).await
    }

    async fn renew(&self, name: &str, epoch: u64, time: Duration) -> Result<bool, CheckpointError> {
        self.faults.around(Point::Renew, self.inner.renew(name, epoch, time), failed("renew a lease")).await
    }

    async fn dead_letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError> {
        self.faults.around(Point::DeadLetters, self.inner.dead_letters(name, query), failed("read dead letters")).await
    }

    async fn dead_letter(&self, name: &str, position: Position) -> Result<Option<DeadLetter>, CheckpointError> {
        let letter = self.inner.dead_letter(name, position);
        self.faults.around(Point::DeadLetters, letter, failed("read a dead letter")).await
    }

    async fn parked(&self, name: &str, streams: &[StreamId]) -> Result<Vec<DeadLetter>, CheckpointError> {
        let letters = self.inner.parked(name, streams);
        self.faults.around(Point::DeadLetters, letters, failed("read the dead letters of streams")).await
    }

    async fn letter_counts(&self, names: &[&str]) -> Result<BTreeMap<String, LetterCounts>, CheckpointError> {
        self.faults.around(Point::DeadLetters, self.inner.letter_counts(names), failed("count the dead letters")).await
    }

    async fn find_letters(
        &self,
        search: &LetterSearch,
        after: Option<&LetterKey>,
        limit: usize,
    ) -> Result<LetterPage, CheckpointError> {
        let page = self.inner.find_letters(search, after, limit);
        self.faults.around(Point::DeadLetters, page, failed("search the dead letters")).await
    }

    async fn letter_groups(&self, search: &LetterSearch) -> Result<LetterGroups, CheckpointError> {
        let groups = self.inner.letter_groups(search);
        self.faults.around(Point::DeadLetters, groups, failed("search the dead letters")).await
    }

    async fn forget_dismissed(&self, name: &str, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        let forgotten = self.inner.forget_dismissed(name, before);
        self.faults.around(Point::DeadLetters, forgotten, failed("forget the dismissed letters")).await
    }

    async fn diagnose(&self) -> Result<Vec<Finding>, CheckpointError> {
        self.inner.diagnose().await
    }

    async fn snapshot(&self, name: &str) -> Result<Option<ProjectionSnapshot>, CheckpointError> {
        self.faults.around(Point::Snapshot, self.inner.snapshot(name), failed("read a snapshot")).await
    }

    async fn begin(&self) -> Result<FaultyUnit<C::Unit>, CheckpointError> {
        let unit = self.faults.around(Point::Begin, self.inner.begin(), failed("begin a transaction")).await?;
        Ok(FaultyUnit::new(unit, self.faults.clone()))
    }

    fn detached(&self) -> FaultyUnit<C::Unit> {
        FaultyUnit::new(self.inner.detached(), self.faults.clone())
    }

    fn owners(&self) -> Option<&dyn TableOwners> {
        self.inner.owners()
    }

    fn is_durable(&self) -> bool {
        self.inner.is_durable()
    }
}
