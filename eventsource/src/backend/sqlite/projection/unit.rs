//! The unit of work on a SQLite file.

use std::error::Error;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Weak};

use sqlx::SqliteConnection;
use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};

use super::batch::{BatchTransaction, NotLendable, Unfinished};
use super::rows;
use super::watch::TransactionWatch;
use crate::backend::sql::projection::{Change, NotLent, SqlScope, causes, remedy};
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
    db: SqliteDatabase,
    /// `None` in a detached unit, which begins its transaction when it commits.
    batch: Option<Arc<Mutex<BatchTransaction>>>,
    watch: TransactionWatch,
    scope: SqlScope,
}

/// Access to the connection of a batch. It does not keep the batch open.
#[derive(Debug, Clone)]
pub(crate) struct BatchConnection(Weak<Mutex<BatchTransaction>>);

impl BatchConnection {
    /// Returns the connection, unless it is in use.
    pub(crate) fn lend(&self) -> Result<LentConnection, NotLent> {
        let batch = self.0.upgrade().ok_or(NotLent::Ended)?.try_lock_owned().map_err(|_| NotLent::Twice)?;
        OwnedMutexGuard::try_map(batch, BatchTransaction::connection).map(LentConnection).map_err(|_| NotLent::Ended)
    }

    /// As [`lend`](Self::lend), for a handler, which may leave the connection in any state.
    async fn lend_to_handler(&self, untouched: bool) -> Result<LentConnection, HandlerError> {
        let ended = || HandlerError::permanent(NotLent::Ended);
        let batch = self.0.upgrade().ok_or_else(ended)?.try_lock_owned();
        let mut batch = batch.map_err(|_| HandlerError::permanent(NotLent::Twice))?;
        batch.lend(untouched).await?;
        OwnedMutexGuard::try_map(batch, BatchTransaction::connection).map(LentConnection).map_err(|_| ended())
    }
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
pub struct LentConnection(OwnedMappedMutexGuard<BatchTransaction, SqliteConnection>);

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
        unit.scope.check_connection()?;
        let batch = unit.connection().map_err(HandlerError::permanent)?;
        unit.scope.lend_connection().await?;
        batch.lend_to_handler(unit.scope.is_untouched()).await
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
        Ok(Self { db: db.clone(), batch: Some(Arc::new(Mutex::new(batch))), watch, scope })
    }

    pub(super) fn detached(db: &SqliteDatabase) -> Self {
        Self { db: db.clone(), batch: None, watch: TransactionWatch::default(), scope: SqlScope::default() }
    }

    /// Returns the batch's connection, if there is a batch.
    pub(crate) fn connection(&self) -> Result<BatchConnection, NotLent> {
        self.batch.as_ref().map(|batch| BatchConnection(Arc::downgrade(batch))).ok_or(NotLent::Detached)
    }

    pub(crate) const fn database(&self) -> &SqliteDatabase {
        &self.db
    }

    pub(in crate::backend) const fn scope(&mut self) -> &mut SqlScope {
        &mut self.scope
    }

    async fn end(self, change: Change<'_>) -> Result<(), CommitError> {
        let action = change.action();
        let Some(batch) = self.batch else { return end_detached(&self.db, change).await };
        let flushed = self.scope.flush().await.map_err(|refused| refusal(action, refused));
        let Ok(mut batch) = batch.try_lock_owned() else {
            let source = Box::new(NotLent::Twice);
            return Err(CheckpointError::Failed { action: action.to_string(), source }.into());
        };
        let ended = match flushed {
            Ok(()) => end_batch(&mut batch, change, self.scope.has_several_events()).await,
            Err(error) => Err(error),
        };
        if ended.is_err()
            && let Some(undone) = batch.undo()
        {
            let _ = undone.await;
        }
        ended
    }
}

/// Returns the error of a failed flush. An outage is not the fault of a handler; a refused change is.
fn refusal(action: Action<'_>, refused: ChangesRefused) -> CommitError {
    if judge(&refused, false).is_some_and(Verdict::is_outage) {
        return CommitError::undone(action, refused);
    }
    refused.into()
}

/// Applies `change` to the checkpoint.
async fn make(change: Change<'_>, conn: &mut SqliteConnection) -> Result<(), CommitError> {
    let failed = |failure| CheckpointError::failed(change.action(), failure);
    match change {
        Change::Update(step) if !rows::advance(conn, step).await.map_err(failed)? => {
            let found = rows::load(conn, &step.name).await.map_err(failed)?;
            Err(CommitError::Fenced { step: Box::new(step.clone()), found })
        }
        Change::Update(_) => Ok(()),
        Change::Reset(clear) if !rows::clear(conn, clear).await.map_err(failed)? => {
            Err(CommitError::NotOwned { clear: Box::new(clear.clone()) })
        }
        Change::Reset(_) => Ok(()),
    }
}

/// SQLITE_CONSTRAINT.
const CONSTRAINT: i32 = 19;

async fn end_batch(batch: &mut BatchTransaction, change: Change<'_>, several: bool) -> Result<(), CommitError> {
    let unfinished = |unfinished| match unfinished {
        Unfinished::Ended => CommitError::TransactionEnded,
        Unfinished::Changed(changed) => CommitError::SessionChanged { changed },
        Unfinished::Failed(failure) => CheckpointError::failed(change.action(), failure).into(),
    };
    batch.prove(several).await.map_err(unfinished)?;
    make(change, batch.connection().ok_or(CommitError::TransactionEnded)?).await?;
    match batch.commit().await {
        // A constraint that is checked at the commit is the failure of a handler, not an outage.
        Err(Unfinished::Failed(Failure::Database(error))) if result_code(&error) == Some(CONSTRAINT) => {
            Err(ChangesRefused::new(error).into())
        }
        committed => committed.map_err(unfinished),
    }
}

async fn end_detached(db: &SqliteDatabase, change: Change<'_>) -> Result<(), CommitError> {
    let patience = db.patience(change.action());
    let mut writing = db.write(&patience).await.map_err(|error| CheckpointError::of(change.action(), error))?;
    make(change, &mut writing.tx).await?;
    writing.tx.commit().await.map_err(|error| CheckpointError::failed(change.action(), Failure::from(error)))?;
    Ok(())
}

impl UnitOfWork for SqliteUnit {
    async fn commit(self, step: &CheckpointUpdate) -> Result<(), CommitError> {
        self.end(Change::Update(step)).await
    }

    async fn clear(self, clear: &CheckpointReset) -> Result<(), CommitError> {
        self.end(Change::Reset(clear)).await
    }

    async fn rollback(self) {
        if let Some(batch) = self.batch
            && let Ok(mut batch) = batch.try_lock_owned()
            && let Some(undone) = batch.undo()
        {
            let _ = undone.await;
        }
    }

    fn is_shared(&self) -> bool {
        self.scope.is_shared()
    }

    fn begin_batch(&mut self, events: &[Arc<RecordedEvent>]) {
        self.scope.begin_batch(events);
    }

    fn begin_event(&mut self, event: &RecordedEvent) {
        self.scope.begin_event(event);
    }

    fn is_intact(&self) -> bool {
        !self.watch.has_ended()
    }

    fn held_lock(&self) -> Option<ReentrancyMark> {
        self.batch.as_ref().map(|_| self.db.lock().clone())
    }

    fn verdict(&self, error: &(dyn Error + 'static)) -> Option<Verdict> {
        // Inside the batch this unit holds the write lock. A handler that waits for it waits for itself.
        judge(error, self.batch.is_none())
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
