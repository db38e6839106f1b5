//! An event store and a checkpoint store that fail when a test says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use eventsource::prelude::*;
use eventsource::projection::{
    Advance, Checkpoint, CheckpointError, Claim, ClaimError, Clear, CommitError, DeadLetter, MemoryUnit, Snapshot,
};
use eventsource::store::{AppendError, Appended, Backlog, HeldBack, LogPage, StoreError, WakeUp};

/// How often something is still to fail.
#[derive(Debug, Clone, Default)]
pub struct Failures(Arc<AtomicUsize>);

impl Failures {
    /// The next so many calls fail.
    pub fn set(&self, calls: usize) {
        self.0.store(calls, Ordering::SeqCst);
    }

    /// How many failures are left.
    pub fn left(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn take(&self) -> bool {
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

/// An event store whose reads fail, and whose wake-ups can be switched off.
#[derive(Debug, Clone)]
pub struct FaultyStore<S> {
    /// The store behind.
    pub inner: S,
    /// How many reads of the log are still to fail.
    pub reads: Failures,
    /// Whether anybody hears of appends.
    pub wakes: bool,
    /// How often a backlog was measured.
    pub backlogs: Arc<AtomicUsize>,
}

impl<S> FaultyStore<S> {
    /// A store that works.
    pub fn new(inner: S) -> Self {
        Self { inner, reads: Failures::default(), wakes: true, backlogs: Arc::default() }
    }

    /// A store that never wakes anybody.
    pub fn silent(inner: S) -> Self {
        Self { wakes: false, ..Self::new(inner) }
    }
}

#[async_trait]
impl<S: EventStore> EventStore for FaultyStore<S> {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.inner.append(stream, expected, events).await
    }

    async fn read_stream(&self, stream: &StreamId, read: ReadStream) -> Result<Vec<Arc<RecordedEvent>>, StoreError> {
        self.inner.read_stream(stream, read).await
    }

    async fn read_log(&self, after: Position, filter: &EventFilter, limit: usize) -> Result<LogPage, StoreError> {
        if self.reads.take() {
            return Err(StoreError::Failed { action: "read the log".into(), source: "the test says no".into() });
        }
        self.inner.read_log(after, filter, limit).await
    }

    async fn head(&self) -> Result<Position, StoreError> {
        self.inner.head().await
    }

    async fn backlog(&self, after: Position) -> Result<Backlog, StoreError> {
        self.backlogs.fetch_add(1, Ordering::SeqCst);
        self.inner.backlog(after).await
    }

    async fn held_back(&self) -> Result<Option<HeldBack>, StoreError> {
        self.inner.held_back().await
    }

    fn wake_ups(&self) -> Option<WakeUp> {
        self.inner.wake_ups().filter(|_| self.wakes)
    }
}

/// Checkpoints in memory whose commits fail.
#[derive(Debug, Clone, Default)]
pub struct FaultyCheckpoints {
    /// The checkpoints behind.
    pub inner: MemoryCheckpoints,
    /// How many commits are still to fail before they commit.
    pub before_commit: Failures,
    /// How many commits are still to lose their answer after they have committed.
    pub after_commit: Failures,
}

/// The unit of work of [`FaultyCheckpoints`].
#[derive(Debug)]
pub struct FaultyUnit {
    inner: MemoryUnit,
    before_commit: Failures,
    after_commit: Failures,
}

#[async_trait]
impl CheckpointStore for FaultyCheckpoints {
    type Unit = FaultyUnit;

    async fn load(&self, name: &str) -> Result<Option<Checkpoint>, CheckpointError> {
        self.inner.load(name).await
    }

    async fn list(&self) -> Result<Vec<Checkpoint>, CheckpointError> {
        self.inner.list().await
    }

    async fn claim(&self, claim: &Claim<'_>) -> Result<Checkpoint, ClaimError> {
        self.inner.claim(claim).await
    }

    async fn renew(&self, name: &str, epoch: u64, time: Duration) -> Result<bool, CheckpointError> {
        self.inner.renew(name, epoch, time).await
    }

    async fn dead_letters(&self, name: &str) -> Result<Vec<DeadLetter>, CheckpointError> {
        self.inner.dead_letters(name).await
    }

    async fn snapshot(&self, name: &str) -> Result<Option<Snapshot>, CheckpointError> {
        self.inner.snapshot(name).await
    }

    async fn begin(&self) -> Result<FaultyUnit, CheckpointError> {
        Ok(self.detached())
    }

    fn detached(&self) -> FaultyUnit {
        FaultyUnit {
            inner: self.inner.detached(),
            before_commit: self.before_commit.clone(),
            after_commit: self.after_commit.clone(),
        }
    }

    fn is_durable(&self) -> bool {
        true
    }
}

impl UnitOfWork for FaultyUnit {
    async fn commit(self, step: &Advance) -> Result<(), CommitError> {
        let lost = |what: &str| CheckpointError::Failed { action: "commit".into(), source: what.into() };
        if self.before_commit.take() {
            return Err(lost("the connection broke before the commit").into());
        }
        self.inner.commit(step).await?;
        if self.after_commit.take() {
            return Err(lost("the connection broke after the commit").into());
        }
        Ok(())
    }

    async fn clear(self, clear: &Clear) -> Result<(), CommitError> {
        self.inner.clear(clear).await
    }

    async fn rollback(self) {
        self.inner.rollback().await;
    }
}
