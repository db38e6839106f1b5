//! Generations of read models and owners of tables, each broken in one place: every case of their contracts is failed by one
//! of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use eventsource::projection::operations::Operations;
use eventsource::projection::{
    Checkpoint, CheckpointError, CheckpointReset, CheckpointUpdate, Claim, ClaimError, CommitError, DeadLetter,
    Generations, HandedOver, Inject, LetterQuery, ProjectionSnapshot, Switch, Switched, Table, TableOwners, TableTaken,
};
use eventsource::sqlite::{SqliteCheckpoints, SqliteReadModels, SqliteUnit};
use eventsource::testing::contract::{
    ContractRow, GENERATION_CASES, TABLE_OWNER_CASES, run_on_generations, run_on_table_owners,
};
use eventsource::{CheckpointStore, HandlerError, Position, RecordedEvent, Repository, StreamId, UnitOfWork};

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Broken {
    Nothing,
    /// A claim of a next generation stores another target.
    Target,
    /// Handlers of the next generation write to the live tables.
    Tables,
    /// Each claim begins the next generation again.
    Continuation,
    /// A claim does not compare the fingerprint.
    Fingerprint,
    /// A claim does not look at the lease of another builder.
    Leases,
    /// A claim does not look at the owner of the live generation.
    LiveOwner,
    /// A next generation begins without its hold.
    Hold,
    /// Nothing is discarded.
    Discard,
    /// A table is emptied although it has the shape of its model.
    Reshape,
    /// A switch does nothing.
    Switch,
    /// A fenced step is answered as if it were committed.
    Fencing,
    /// A switch does not compare positions.
    Behind,
    /// A switch does not compare the builder and its position.
    Builder,
    /// A switch does not compare the fingerprint of the live generation.
    Replaces,
    /// Letters are not stored.
    Letters,
    /// A table may have several owners.
    Owners,
    /// The names of tables are compared with regard to case.
    Case,
    /// A refused request owns the tables before the one that is taken.
    Partly,
    /// No table is released.
    Release,
    /// A table stays with its owner after a reset.
    Reset,
    /// A move loses the letters.
    MoveLetters,
    /// A move replaces the checkpoint of the new name.
    MoveOnto,
    /// A move does not look at the lease.
    MoveLeased,
}

const OF_GENERATIONS: &[Broken] = &[
    Broken::Target,
    Broken::Tables,
    Broken::Continuation,
    Broken::Fingerprint,
    Broken::Leases,
    Broken::LiveOwner,
    Broken::Hold,
    Broken::Discard,
    Broken::Reshape,
    Broken::Switch,
    Broken::Fencing,
    Broken::Behind,
    Broken::Builder,
    Broken::Replaces,
    Broken::Letters,
];

const OF_OWNERS: &[Broken] = &[
    Broken::Owners,
    Broken::Case,
    Broken::Partly,
    Broken::Release,
    Broken::Reset,
    Broken::MoveLetters,
    Broken::MoveOnto,
    Broken::MoveLeased,
];

struct BrokenCheckpoints(SqliteCheckpoints, Broken);

struct BrokenUnit(SqliteUnit, Broken);

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
        self.0.claim(claim).await
    }

    async fn renew(&self, name: &str, epoch: u64, time: Duration) -> Result<bool, CheckpointError> {
        self.0.renew(name, epoch, time).await
    }

    async fn dead_letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError> {
        self.0.dead_letters(name, query).await
    }

    async fn parked(&self, name: &str, streams: &[StreamId]) -> Result<Vec<DeadLetter>, CheckpointError> {
        self.0.parked(name, streams).await
    }

    async fn snapshot(&self, name: &str) -> Result<Option<ProjectionSnapshot>, CheckpointError> {
        self.0.snapshot(name).await
    }

    async fn begin(&self) -> Result<BrokenUnit, CheckpointError> {
        Ok(BrokenUnit(self.0.begin().await?, self.1))
    }

    fn detached(&self) -> BrokenUnit {
        BrokenUnit(self.0.detached(), self.1)
    }

    fn generations(&self) -> Option<&dyn Generations<BrokenUnit>> {
        Some(self)
    }

    fn operations(&self) -> Option<&dyn Operations> {
        self.0.operations()
    }

    fn owners(&self) -> Option<&dyn TableOwners> {
        Some(self)
    }

    fn is_durable(&self) -> bool {
        false
    }
}

#[async_trait]
impl Generations<BrokenUnit> for BrokenCheckpoints {
    async fn check(&self, tables: &[&'static Table]) -> Result<(), CheckpointError> {
        self.0.check(tables).await
    }

    async fn claim_next(
        &self,
        claim: &Claim<'_>,
        target: Position,
        tables: &[&'static Table],
    ) -> Result<Checkpoint, ClaimError> {
        let (mut claim, mut target) = (claim.clone(), target);
        let stored = self.0.load(claim.name).await?.map(|next| next.fingerprint);
        match self.1 {
            Broken::Target => target = Position::new(target.value() + 1),
            Broken::Leases => claim.lease = None,
            Broken::LiveOwner => claim.live_owner = None,
            Broken::Hold => claim.hold = None,
            Broken::Continuation if stored.is_some() => {
                self.0.discard(claim.name.trim_end_matches("~next"), tables).await?;
            }
            Broken::Fingerprint => {
                if let Some(stored) = &stored {
                    claim.fingerprint = stored;
                    return self.0.claim_next(&claim, target, tables).await;
                }
            }
            _ => {}
        }
        self.0.claim_next(&claim, target, tables).await
    }

    async fn begin_next(&self, tables: &[&'static Table]) -> Result<BrokenUnit, CheckpointError> {
        if self.1 == Broken::Tables {
            return self.begin().await;
        }
        Ok(BrokenUnit(self.0.begin_next(tables).await?, self.1))
    }

    async fn switch(&self, switch: &Switch) -> Result<Switched, CheckpointError> {
        let mut switch = switch.clone();
        match self.1 {
            Broken::Switch => return Ok(Switched::Yes { left: Vec::new() }),
            Broken::Behind => switch.from_lost_log = true,
            Broken::Replaces => switch.replaces = None,
            Broken::Builder => {
                if let Some(next) = self.0.load(&format!("{}~next", switch.name)).await? {
                    (switch.epoch, switch.position) = (next.epoch, next.position);
                }
            }
            _ => {}
        }
        self.0.switch(&switch).await
    }

    async fn reshape(&self, unit: &mut BrokenUnit, tables: &[&'static Table]) -> Result<Vec<String>, CheckpointError> {
        if self.1 == Broken::Reshape {
            let rows = Repository::<ContractRow>::inject(&mut unit.0).await;
            rows.unwrap().truncate().await.unwrap();
        }
        self.0.reshape(&mut unit.0, tables).await
    }

    async fn discard(&self, name: &str, tables: &[&'static Table]) -> Result<(), CheckpointError> {
        if self.1 == Broken::Discard { Ok(()) } else { self.0.discard(name, tables).await }
    }
}

#[async_trait]
impl TableOwners for BrokenCheckpoints {
    async fn own(&self, name: &str, tables: &[&'static Table]) -> Result<Option<TableTaken>, CheckpointError> {
        let taken = self.0.own(name, tables).await?;
        Ok(match (self.1, taken) {
            (Broken::Owners, _) => None,
            (Broken::Case, Some(TableTaken::DiffersByCase { .. })) => None,
            (Broken::Partly, Some(taken)) => {
                for table in tables {
                    if self.0.own(name, &[table]).await?.is_none() {
                        self.0.claim(&Claim::new(name, "v1", Position::START)).await.unwrap();
                    }
                }
                Some(taken)
            }
            (_, taken) => taken,
        })
    }

    async fn disown_all_but(&self, name: &str, tables: &[&'static Table]) -> Result<(), CheckpointError> {
        if self.1 == Broken::Release { Ok(()) } else { self.0.disown_all_but(name, tables).await }
    }

    async fn hand_over(&self, from: &str, to: &str) -> Result<HandedOver, CheckpointError> {
        match self.1 {
            Broken::MoveOnto => self.0.detached().clear(&CheckpointReset::new(to)).await.unwrap(),
            Broken::MoveLeased => {
                if let Some(held) = self.0.load(from).await? {
                    self.0.renew(from, held.epoch, Duration::ZERO).await?;
                }
            }
            _ => {}
        }
        self.0.hand_over(from, to).await
    }
}

impl BrokenUnit {
    async fn update(inner: SqliteUnit, step: &CheckpointUpdate, broken: Broken) -> Result<(), CommitError> {
        let mut step = step.clone();
        if matches!(broken, Broken::Letters | Broken::MoveLetters) {
            step.letters.clear();
        }
        match inner.commit(&step).await {
            Err(CommitError::Fenced { .. }) if broken == Broken::Fencing => Ok(()),
            committed => committed,
        }
    }
}

impl UnitOfWork for BrokenUnit {
    async fn commit(self, step: &CheckpointUpdate) -> Result<(), CommitError> {
        Self::update(self.0, step, self.1).await
    }

    async fn clear(self, clear: &CheckpointReset) -> Result<(), CommitError> {
        match self.1 {
            // The checkpoint stays, and with it the tables.
            Broken::Reset => Ok(()),
            _ => self.0.clear(clear).await,
        }
    }

    async fn rollback(self) {
        self.0.rollback().await;
    }

    fn begin_batch(&mut self, events: &[Arc<RecordedEvent>]) {
        self.0.begin_batch(events);
    }

    fn begin_event(&mut self, event: &RecordedEvent) {
        self.0.begin_event(event);
    }
}

impl Inject<BrokenUnit> for Repository<ContractRow> {
    type Guard = Box<Self>;

    async fn inject(unit: &mut BrokenUnit) -> Result<Box<Self>, HandlerError> {
        Self::inject(&mut unit.0).await
    }
}

/// Returns the cases of the generations that `broken` fails.
async fn of_generations(broken: Broken) -> BTreeSet<&'static str> {
    let mut violated = BTreeSet::new();
    for case in GENERATION_CASES {
        let db = super::in_memory().await;
        let models = SqliteReadModels::new(&db);
        models.create_table::<ContractRow>().await.unwrap();
        let fixture = (BrokenCheckpoints(SqliteCheckpoints::new(&db), broken), models.repository(), ());
        if run_on_generations(case, &fixture).await.is_err() {
            violated.insert(*case);
        }
    }
    violated
}

/// Returns the cases of the owners of tables that `broken` fails.
async fn of_owners(broken: Broken) -> BTreeSet<&'static str> {
    let mut violated = BTreeSet::new();
    for case in TABLE_OWNER_CASES {
        let checkpoints = BrokenCheckpoints(SqliteCheckpoints::new(&super::in_memory().await), broken);
        if run_on_table_owners(case, &checkpoints).await.is_err() {
            violated.insert(*case);
        }
    }
    violated
}

/// Checks that `Nothing` fails no case, that everything that is broken fails one, and that every case is failed by something.
fn assert_all_killed(
    cases: &[&'static str],
    whole: &BTreeSet<&'static str>,
    broken: &BTreeMap<String, BTreeSet<&'static str>>,
) {
    assert!(whole.is_empty(), "a store that is not broken fails {whole:?}");
    for (broken, violated) in broken {
        assert!(!violated.is_empty(), "{broken} fails no case");
    }
    let killed: BTreeSet<_> = broken.values().flatten().copied().collect();
    let left: Vec<_> = cases.iter().filter(|case| !killed.contains(*case)).collect();
    assert!(left.is_empty(), "cases that nothing broken fails: {left:?}");
}

#[tokio::test]
async fn every_case_of_generations_is_failed_by_a_broken_store() {
    let mut violated = BTreeMap::new();
    for broken in OF_GENERATIONS {
        violated.insert(format!("{broken:?}"), of_generations(*broken).await);
    }
    assert_all_killed(GENERATION_CASES, &of_generations(Broken::Nothing).await, &violated);
}

#[tokio::test]
async fn every_case_of_table_owners_is_failed_by_a_broken_store() {
    let mut violated = BTreeMap::new();
    for broken in OF_OWNERS {
        violated.insert(format!("{broken:?}"), of_owners(*broken).await);
    }
    assert_all_killed(TABLE_OWNER_CASES, &of_owners(Broken::Nothing).await, &violated);
}
