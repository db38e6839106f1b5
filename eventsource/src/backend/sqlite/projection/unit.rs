//! The unit of work on a SQLite file.

use std::error::Error;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::SqliteConnection;

use super::batch::{BatchTransaction, NotLendable, Unfinished};
use super::watch::TransactionWatch;
use crate::backend::sql::projection::unit::{Lent, SqlUnit, UnitDatabase, make};
use crate::backend::sql::projection::{Change, SqlScope, causes, remedy};
use crate::backend::sql::store::Action;
use crate::backend::sqlite::store::SqliteDatabase;
use crate::backend::sqlite::store::busy::{Failure, result_code};
use crate::backend::sqlite::store::verdict::verdict;
use crate::event::RecordedEvent;
use crate::projection::{
    ChangesRefused, CheckpointError, CheckpointReset, CheckpointUpdate, CommitError, ConnectionPool, HandlerError,
    Inject, RawConnection, UnitOfWork,
};
use crate::store::{AppendError, ReentrancyMark, StoreError, Verdict};

/// The unit of work on a SQLite file: a transaction that holds the file's write lock from its start.
///
/// Handlers can ask for its connection, as `&mut SqliteConnection`, and for repositories of read models. A nested
/// `conn.begin()` is a savepoint. If a handler ends the transaction with `COMMIT` or `ROLLBACK`, nothing of the batch
/// is kept: SQLite refuses every commit except the unit's own while the batch runs.
///
/// [`SqliteCheckpoints`](super::SqliteCheckpoints) opens it. See [`UnitOfWork`] for what it promises.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteOptions};
/// use eventsource::projection::{CheckpointStore, Inject, UnitOfWork};
/// use eventsource::sqlx::{self, SqliteConnection};
///
/// let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
/// let mut unit = SqliteCheckpoints::new(&db).begin().await?;
/// let mut conn = SqliteConnection::inject(&mut unit).await.map_err(|error| error.to_string())?;
/// sqlx::query("CREATE TABLE orders (id INTEGER PRIMARY KEY)").execute(&mut *conn).await?;
/// drop(conn);
/// unit.rollback().await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct SqliteUnit {
    unit: SqlUnit<SqliteDatabase>,
    watch: TransactionWatch,
}

/// The connection of a batch, as a handler gets it. Dropping it returns it to the batch.
///
/// It dereferences to a `SqliteConnection`. `#[projection]` takes it for a handler that asks for a
/// `&mut SqliteConnection`. While it exists, a second request in the same unit of work fails.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use eventsource::sqlite::{LentConnection, SqliteCheckpoints};
/// use eventsource::projection::{CheckpointStore, Inject};
/// use eventsource::sqlx::SqliteConnection;
/// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
///
/// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
/// let mut unit = SqliteCheckpoints::new(&db).begin().await?;
/// let conn: LentConnection = SqliteConnection::inject(&mut unit).await.map_err(|error| error.to_string())?;
/// assert!(SqliteConnection::inject(&mut unit).await.is_err());
/// drop(conn);
/// assert!(SqliteConnection::inject(&mut unit).await.is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct LentConnection(Lent<BatchTransaction>);

impl Deref for LentConnection {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.0
    }
}

impl DerefMut for LentConnection {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.0
    }
}

impl Inject<SqliteUnit> for SqliteConnection {
    type Guard = LentConnection;

    async fn inject(unit: &mut SqliteUnit) -> Result<LentConnection, HandlerError> {
        unit.unit.lend_to_handler().await.map(LentConnection)
    }
}

impl RawConnection for SqliteConnection {}

impl ConnectionPool for sqlx::SqlitePool {
    const CONNECTION: &'static str = "SqliteConnection";
}

impl ConnectionPool for sqlx::pool::PoolConnection<sqlx::Sqlite> {
    const CONNECTION: &'static str = "SqliteConnection";
}

impl SqliteUnit {
    pub(super) async fn begin(db: &SqliteDatabase, scope: SqlScope) -> Result<Self, StoreError> {
        let watch = TransactionWatch::default();
        let batch = BatchTransaction::begin(db, watch.clone()).await?;
        Ok(Self { unit: SqlUnit::new(db, batch, scope), watch })
    }

    pub(super) fn detached(db: &SqliteDatabase) -> Self {
        Self { unit: SqlUnit::detached(db), watch: TransactionWatch::default() }
    }

    /// Returns the part that is the same on each database.
    pub(in crate::backend) const fn unit(&mut self) -> &mut SqlUnit<SqliteDatabase> {
        &mut self.unit
    }
}

impl UnitDatabase for SqliteDatabase {
    type Batch = BatchTransaction;
    type Look = sqlx::Transaction<'static, sqlx::Sqlite>;

    async fn refusal(&self, _: &mut BatchTransaction, action: Action<'_>, refused: ChangesRefused) -> CommitError {
        if judge(&refused, false).is_some_and(Verdict::is_outage) {
            return CommitError::undone(action, refused);
        }
        refused.into()
    }

    async fn prove(&self, batch: &mut BatchTransaction, change: Change<'_>, several: bool) -> Result<(), CommitError> {
        batch.prove(several).await.map_err(|unfinished| unfinished_error(change.action(), unfinished))
    }

    async fn commit(&self, batch: &mut BatchTransaction, change: Change<'_>) -> Result<(), CommitError> {
        match batch.commit().await {
            // A constraint that is checked at the commit is the failure of a handler, not an outage.
            Err(Unfinished::Failed(Failure::Database(error))) if result_code(&error) == Some(CONSTRAINT) => {
                Err(ChangesRefused::new(error).into())
            }
            committed => committed.map_err(|unfinished| unfinished_error(change.action(), unfinished)),
        }
    }

    async fn end_detached(&self, change: Change<'_>) -> Result<(), CommitError> {
        let patience = self.patience(change.action());
        let mut writing = self.write(&patience).await.map_err(|error| CheckpointError::of(change.action(), error))?;
        make(self, &mut writing.tx, change).await?;
        let committed = writing.tx.commit().await;
        Ok(committed.map_err(|error| CheckpointError::failed(change.action(), Failure::from(error)))?)
    }
}

/// SQLITE_CONSTRAINT.
const CONSTRAINT: i32 = 19;

fn unfinished_error(action: Action<'_>, unfinished: Unfinished) -> CommitError {
    match unfinished {
        Unfinished::Ended => CommitError::TransactionEnded,
        Unfinished::Changed(changed) => CommitError::SessionChanged { changed },
        Unfinished::Failed(failure) => CheckpointError::failed(action, failure).into(),
    }
}

impl UnitOfWork for SqliteUnit {
    async fn commit(self, step: &CheckpointUpdate) -> Result<(), CommitError> {
        self.unit.end(Change::Update(step)).await
    }

    async fn clear(self, clear: &CheckpointReset) -> Result<(), CommitError> {
        self.unit.end(Change::Reset(clear)).await
    }

    async fn rollback(self) {
        self.unit.rollback().await;
    }

    fn is_shared(&self) -> bool {
        self.unit.scope().is_shared()
    }

    fn begin_batch(&mut self, events: &[Arc<RecordedEvent>]) {
        self.unit.scope_mut().begin_batch(events);
    }

    fn begin_event(&mut self, event: &RecordedEvent) {
        self.unit.scope_mut().begin_event(event);
    }

    fn is_intact(&self) -> bool {
        !self.watch.has_ended()
    }

    fn held_lock(&self) -> Option<ReentrancyMark> {
        self.unit.connection().ok().map(|_| self.unit.database().lock().clone())
    }

    fn verdict(&self, error: &(dyn Error + 'static)) -> Option<Verdict> {
        // Inside the batch this unit holds the write lock. A handler that waits for it waits for itself.
        judge(error, self.unit.connection().is_err())
    }

    fn remedy(&self, error: &(dyn Error + 'static)) -> Option<&'static str> {
        remedy(error)
    }
}

/// Returns the verdict on `error` or on one of its causes. A lock of another connection is a conflict if
/// `others_may_lock`.
fn judge(error: &(dyn Error + 'static), others_may_lock: bool) -> Option<Verdict> {
    if error.is::<NotLendable>() {
        return Some(Verdict::Outage);
    }
    let found = causes(error).find_map(|cause| {
        if let Some(error) = cause.downcast_ref() {
            return Some(verdict(error));
        }
        // A transparent error hides the error that it wraps from the causes.
        let store = cause.downcast_ref::<StoreError>().or_else(|| match cause.downcast_ref()? {
            AppendError::Store(error) => Some(error),
            _ => None,
        });
        matches!(store, Some(StoreError::Busy { .. })).then_some(Verdict::Conflict)
    });
    found.map(|verdict| match verdict {
        Verdict::Conflict if !others_may_lock => Verdict::Transient,
        verdict => verdict,
    })
}
