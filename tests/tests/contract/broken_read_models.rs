//! Tables of read models, each broken in one place: every case of the contract of read models is failed by one of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::SubsecRound as _;
use eventsource::memory::MemoryUnit;
use eventsource::projection::{
    Checkpoint, CheckpointError, CheckpointReset, CheckpointUpdate, Claim, ClaimError, CommitError, DeadLetter, Inject,
    LetterQuery, ProjectionSnapshot,
};
use eventsource::read_model::port::{Expr, ReadTables, RepositoryScope, Row, RowChange, Select, WriteTables};
use eventsource::read_model::{ReadModelError, Table, Value};
use eventsource::testing::contract::{ContractRow, READ_MODEL_CASES, run_on_read_models};
use eventsource::{
    CheckpointStore, HandlerError, MemoryCheckpoints, ReadRepository, RecordedEvent, Repository, StreamId, UnitOfWork,
};

use crate::killed::assert_each_case_is_killed;

/// What is broken in the tables.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Broken {
    Nothing,
    /// A commit moves the checkpoint only.
    Commit,
    /// What a batch has written is visible before it commits.
    Dirty,
    /// What a batch has changed is committed by its rollback.
    Rollback,
    /// A batch of a former owner is committed.
    Fenced,
    /// Times are stored to the millisecond.
    Values,
    /// At most 100 rows are loaded at once.
    Many,
    /// Nothing is deleted.
    Delete,
    /// The time of a soft deletion is not stored.
    SoftDelete,
    /// A new row begins with another version.
    Version,
    /// The time of an event is not noted.
    Times,
    /// A row that was saved unread replaces everything.
    Onto,
    /// Nothing is truncated.
    Truncate,
    /// A reset removes the checkpoint only.
    Clear,
    /// All rows match.
    Conditions,
    /// A row without a value differs from every value.
    Null,
    /// Rows are ordered by their ids.
    Order,
    /// The limit of a query is not applied.
    Limit,
    /// A query of a batch finds what is committed.
    Query,
}

const MUTANTS: &[(Broken, &str)] = &[
    (Broken::Commit, "a_committed_row_is_read_back"),
    (Broken::Dirty, "a_rollback_leaves_nothing"),
    (Broken::Rollback, "a_rollback_leaves_nothing"),
    (Broken::Fenced, "a_fenced_batch_leaves_nothing"),
    (Broken::Values, "values_come_back_equal"),
    (Broken::Many, "many_rows_are_read_in_the_order_asked"),
    (Broken::Delete, "deletion_leaves_nothing"),
    (Broken::SoftDelete, "soft_deletion_hides_until_restored"),
    (Broken::Version, "a_checked_save_compares_versions"),
    (Broken::Times, "versions_and_times_are_those_of_the_events"),
    (Broken::Onto, "a_save_without_a_read_keeps_what_is_there"),
    (Broken::Truncate, "a_truncation_takes_all"),
    (Broken::Clear, "a_clear_commits_with_a_truncation"),
    (Broken::Conditions, "conditions_select_rows"),
    (Broken::Null, "null_compares_with_null_alone"),
    (Broken::Order, "rows_come_in_the_order_asked"),
    (Broken::Limit, "rows_come_in_the_order_asked"),
    (Broken::Order, "pages_by_cursor_miss_nothing"),
    (Broken::Query, "a_query_sees_what_the_batch_has_changed"),
];

/// The rows of the one table of the contract, by id.
type Rows = BTreeMap<Value, Row>;

/// The committed rows, or those of a batch.
#[derive(Clone)]
struct Tables {
    rows: Arc<Mutex<Rows>>,
    committed: Arc<Mutex<Rows>>,
    broken: Broken,
}

impl Tables {
    fn new(broken: Broken) -> Self {
        let committed = Arc::<Mutex<Rows>>::default();
        Self { rows: Arc::clone(&committed), committed, broken }
    }

    fn begin(&self) -> Self {
        let rows = match self.broken {
            Broken::Dirty => Arc::clone(&self.committed),
            _ => Arc::new(Mutex::new(self.rows().clone())),
        };
        Self { rows, ..self.clone() }
    }

    fn publish(&self) {
        let rows = self.rows().clone();
        *self.committed.lock().unwrap_or_else(PoisonError::into_inner) = rows;
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the rows that a query looks at.
    fn queried(&self) -> Rows {
        let queried = if self.broken == Broken::Query { &self.committed } else { &self.rows };
        queried.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn query(&self, query: &Select) -> Select {
        let mut query = query.clone();
        match self.broken {
            Broken::Conditions => query.condition = Expr::And(Vec::new()),
            Broken::Null => query.condition = with_null(query.condition),
            Broken::Order => drop(query.order.drain(..query.order.len() - 1)),
            Broken::Limit => query.limit = None,
            _ => {}
        }
        query
    }

    fn put(&self, table: &Table, mut row: Row) {
        for value in &mut row.values {
            if let (Broken::Values, Value::Timestamp(time)) = (self.broken, value) {
                *time = time.trunc_subsecs(3);
            }
        }
        row.deleted_at = row.deleted_at.filter(|_| self.broken != Broken::SoftDelete);
        self.rows().insert(row.id(table), row);
    }
}

/// Adds the rows without a value to each comparison.
fn with_null(condition: Expr) -> Expr {
    match condition {
        Expr::Compare { column, .. } => Expr::Or(vec![Expr::Null { column, is: true }, condition]),
        Expr::And(all) => Expr::And(all.into_iter().map(with_null).collect()),
        Expr::Or(all) => Expr::Or(all.into_iter().map(with_null).collect()),
        other => other,
    }
}

#[async_trait]
impl ReadTables for Tables {
    async fn load(&self, _: &'static Table, ids: &[Value]) -> Result<Vec<Row>, ReadModelError> {
        let (rows, most) = (self.rows(), if self.broken == Broken::Many { 100 } else { usize::MAX });
        Ok(ids.iter().filter_map(|id| rows.get(id).cloned()).take(most).collect())
    }

    async fn select(&self, _: &'static Table, query: &Select) -> Result<Vec<Row>, ReadModelError> {
        Ok(self.query(query).apply(self.queried().values()))
    }

    async fn count(&self, _: &'static Table, query: &Select) -> Result<u64, ReadModelError> {
        Ok(self.query(query).count(self.queried().values()))
    }
}

#[async_trait]
impl WriteTables for Tables {
    async fn merge(&self, table: &'static Table, rows: &[RowChange<'_>]) -> Result<(), ReadModelError> {
        for change in rows {
            let stored = self.rows().get(&change.row.id(table)).cloned();
            let mut row = change.row.clone();
            row.version += u64::from(self.broken == Broken::Version && stored.is_none());
            self.put(table, row.onto(stored.filter(|_| self.broken != Broken::Onto)));
        }
        Ok(())
    }

    async fn update(&self, table: &'static Table, rows: &[RowChange<'_>]) -> Result<(), ReadModelError> {
        rows.iter().for_each(|change| self.put(table, change.row.clone()));
        Ok(())
    }

    async fn delete(&self, _: &'static Table, ids: &[&Value]) -> Result<(), ReadModelError> {
        if self.broken != Broken::Delete {
            self.rows().retain(|id, _| !ids.contains(&id));
        }
        Ok(())
    }

    async fn truncate(&self, _: &'static Table) -> Result<(), ReadModelError> {
        if self.broken != Broken::Truncate {
            self.rows().clear();
        }
        Ok(())
    }
}

struct BrokenCheckpoints {
    inner: MemoryCheckpoints,
    tables: Tables,
}

#[async_trait]
impl CheckpointStore for BrokenCheckpoints {
    type Unit = BrokenUnit;

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

    async fn dead_letters(&self, name: &str, query: LetterQuery) -> Result<Vec<DeadLetter>, CheckpointError> {
        self.inner.dead_letters(name, query).await
    }

    async fn parked(&self, name: &str, streams: &[StreamId]) -> Result<Vec<DeadLetter>, CheckpointError> {
        self.inner.parked(name, streams).await
    }

    async fn snapshot(&self, name: &str) -> Result<Option<ProjectionSnapshot>, CheckpointError> {
        self.inner.snapshot(name).await
    }

    async fn begin(&self) -> Result<BrokenUnit, CheckpointError> {
        Ok(self.detached())
    }

    fn detached(&self) -> BrokenUnit {
        let (inner, tables) = (self.inner.detached(), self.tables.begin());
        BrokenUnit { inner, tables, scope: RepositoryScope::default() }
    }

    fn is_durable(&self) -> bool {
        false
    }
}

/// A batch: the checkpoint in memory, and the rows.
struct BrokenUnit {
    inner: MemoryUnit,
    tables: Tables,
    scope: RepositoryScope,
}

impl UnitOfWork for BrokenUnit {
    async fn commit(self, step: &CheckpointUpdate) -> Result<(), CommitError> {
        self.scope.flush().await?;
        let committed = self.inner.commit(step).await;
        match self.tables.broken {
            Broken::Commit => {}
            Broken::Fenced => self.tables.publish(),
            _ if committed.is_ok() => self.tables.publish(),
            _ => {}
        }
        committed
    }

    async fn clear(self, clear: &CheckpointReset) -> Result<(), CommitError> {
        self.scope.flush().await?;
        self.inner.clear(clear).await?;
        if self.tables.broken != Broken::Clear {
            self.tables.publish();
        }
        Ok(())
    }

    async fn rollback(self) {
        if self.tables.broken == Broken::Rollback {
            self.scope.flush().await.unwrap();
            self.tables.publish();
        }
    }

    fn begin_batch(&mut self, events: &[Arc<RecordedEvent>]) {
        self.scope.begin_batch(events);
    }

    fn begin_event(&mut self, event: &RecordedEvent) {
        if self.tables.broken != Broken::Times {
            self.scope.begin_event(event);
        }
    }
}

impl Inject<BrokenUnit> for Repository<ContractRow> {
    type Guard = Box<Self>;

    async fn inject(unit: &mut BrokenUnit) -> Result<Box<Self>, HandlerError> {
        let tables = unit.tables.clone();
        Ok(Box::new(unit.scope.repository(|| Box::new(tables))))
    }
}

#[tokio::test]
async fn each_case_of_read_models_is_failed_by_broken_tables() {
    let fails = async |case, broken| {
        let tables = Tables::new(broken);
        let rows = ReadRepository::new(Arc::new(tables.clone()));
        let checkpoints = BrokenCheckpoints { inner: MemoryCheckpoints::new(), tables };
        run_on_read_models(case, &(checkpoints, rows, ())).await.is_err()
    };
    assert_each_case_is_killed(READ_MODEL_CASES, Broken::Nothing, MUTANTS, fails).await;
}
