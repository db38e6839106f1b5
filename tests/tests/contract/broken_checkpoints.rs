//! Checkpoint stores, whose leases or whose read models break their contract.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use eventsource::event::SliceRange;
use eventsource::memory::MemoryUnit;
use eventsource::projection::{
    Checkpoint, CheckpointError, CheckpointReset, CheckpointUpdate, Claim, ClaimError, CommitError, DeadLetter, Inject,
    LetterCounts, LetterQuery, ProjectionSnapshot,
};
use eventsource::testing::contract::{ContractRow, LEASE_CASES, READ_MODEL_CASES, run_on_leases, run_on_read_models};
use eventsource::{
    CheckpointStore, HandlerError, MemoryCheckpoints, MemoryReadModels, Position, RecordedEvent, Repository, StreamId,
    UnitOfWork,
};

/// What is broken in a store.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Broken {
    Nothing,
    /// A claim does not look at the lease of another owner.
    Leases,
    /// A renewal does nothing, and says that it did.
    Renewals,
    /// A claim of a part claims all slices.
    Slices,
    /// Rows are committed before the checkpoint moves.
    Commit,
    /// What was changed is committed by a rollback.
    Rollback,
    /// The unit of work does not know which event is handled.
    Times,
}

#[derive(Clone)]
struct BrokenCheckpoints(MemoryCheckpoints, Broken);

impl BrokenCheckpoints {
    fn unit(&self, inner: MemoryUnit) -> BrokenUnit {
        BrokenUnit { inner, checkpoints: self.0.clone(), broken: self.1 }
    }
}

#[async_trait]
impl CheckpointStore for BrokenCheckpoints {
    type Unit = BrokenUnit;

    async fn load(&self, name: &str) -> Result<Option<Checkpoint>, CheckpointError> {
        self.0.load(name).await
    }

    async fn list(&self) -> Result<Vec<Checkpoint>, CheckpointError> {
        self.0.list().await
    }

    async fn claim(&self, claim: &Claim<'_>) -> Result<Checkpoint, ClaimError> {
        let mut claim = claim.clone();
        match self.1 {
            Broken::Leases => claim.lease = None,
            Broken::Slices => claim.slices = SliceRange::ALL,
            _ => {}
        }
        self.0.claim(&claim).await
    }

    async fn renew(&self, name: &str, epoch: u64, time: Duration) -> Result<bool, CheckpointError> {
        if self.1 == Broken::Renewals { Ok(true) } else { self.0.renew(name, epoch, time).await }
    }

    async fn dead_letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError> {
        self.0.dead_letters(name, query).await
    }

    async fn parked(&self, name: &str, streams: &[StreamId]) -> Result<Vec<DeadLetter>, CheckpointError> {
        self.0.parked(name, streams).await
    }

    async fn letter_counts(&self, names: &[&str]) -> Result<BTreeMap<String, LetterCounts>, CheckpointError> {
        self.0.letter_counts(names).await
    }

    async fn snapshot(&self, name: &str) -> Result<Option<ProjectionSnapshot>, CheckpointError> {
        self.0.snapshot(name).await
    }

    async fn begin(&self) -> Result<BrokenUnit, CheckpointError> {
        Ok(self.unit(self.0.begin().await?))
    }

    fn detached(&self) -> BrokenUnit {
        self.unit(self.0.detached())
    }

    fn is_durable(&self) -> bool {
        false
    }
}

struct BrokenUnit {
    inner: MemoryUnit,
    checkpoints: MemoryCheckpoints,
    broken: Broken,
}

impl BrokenUnit {
    /// Commits what was changed, with a checkpoint step that no assertion reads.
    async fn commit_rows(inner: MemoryUnit, checkpoints: &MemoryCheckpoints) -> Result<(), CommitError> {
        let name = uuid::Uuid::now_v7().to_string();
        let claimed = checkpoints.claim(&Claim::new(&name, "", Position::START)).await.unwrap();
        inner.commit(&CheckpointUpdate::new(name, claimed.epoch, Position::START, Position::new(1))).await
    }
}

impl UnitOfWork for BrokenUnit {
    async fn commit(self, step: &CheckpointUpdate) -> Result<(), CommitError> {
        let Self { inner, checkpoints, broken } = self;
        if broken != Broken::Commit {
            return inner.commit(step).await;
        }
        Self::commit_rows(inner, &checkpoints).await?;
        checkpoints.detached().commit(step).await
    }

    async fn clear(self, clear: &CheckpointReset) -> Result<(), CommitError> {
        self.inner.clear(clear).await
    }

    async fn rollback(self) {
        match self.broken {
            Broken::Rollback => Self::commit_rows(self.inner, &self.checkpoints).await.unwrap(),
            _ => self.inner.rollback().await,
        }
    }

    fn begin_batch(&mut self, events: &[Arc<RecordedEvent>]) {
        self.inner.begin_batch(events);
    }

    fn begin_event(&mut self, event: &RecordedEvent) {
        if self.broken != Broken::Times {
            self.inner.begin_event(event);
        }
    }
}

impl Inject<BrokenUnit> for Repository<ContractRow> {
    type Guard = Box<Self>;

    async fn inject(unit: &mut BrokenUnit) -> Result<Box<Self>, HandlerError> {
        Self::inject(&mut unit.inner).await
    }
}

fn assert_violated(broken: Broken, violated: &[&str], expected: Option<&str>) {
    match expected {
        Some(expected) => assert!(violated.contains(&expected), "{broken:?}: {violated:?}"),
        None => assert_eq!(violated, [] as [&str; 0], "{broken:?}"),
    }
}

#[tokio::test]
async fn broken_leases_fail_the_case_that_names_their_mistake() {
    for (broken, expected) in [
        (Broken::Nothing, None),
        (Broken::Leases, Some("a_lease_keeps_other_owners_out")),
        (Broken::Slices, Some("two_ranges_have_leases_of_their_own")),
        (Broken::Renewals, Some("a_renewal_extends_the_lease")),
        (Broken::Renewals, Some("a_renewal_by_a_former_owner_changes_nothing")),
    ] {
        let mut violated = Vec::new();
        for case in LEASE_CASES {
            let checkpoints = Arc::new(BrokenCheckpoints(MemoryCheckpoints::new(), broken));
            if run_on_leases(case, &checkpoints).await.is_err() {
                violated.push(*case);
            }
        }
        assert_violated(broken, &violated, expected);
    }
}

#[tokio::test]
async fn broken_read_models_fail_the_case_that_names_their_mistake() {
    for (broken, expected) in [
        (Broken::Nothing, None),
        (Broken::Commit, Some("a_fenced_batch_leaves_nothing")),
        (Broken::Rollback, Some("a_rollback_leaves_nothing")),
        (Broken::Times, Some("versions_and_times_are_those_of_the_events")),
    ] {
        let mut violated = Vec::new();
        for case in READ_MODEL_CASES {
            let checkpoints = MemoryCheckpoints::new();
            let rows = MemoryReadModels::new(&checkpoints).repository();
            let fixture = (BrokenCheckpoints(checkpoints, broken), rows, ());
            if run_on_read_models(case, &fixture).await.is_err() {
                violated.push(*case);
            }
        }
        assert_violated(broken, &violated, expected);
    }
}
