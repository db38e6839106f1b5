//! The unit of work in PostgreSQL.

use std::error::Error;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Weak};

use sqlx::PgConnection;
use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};

use super::batch::{BatchTransaction, Unfinished};
use super::rows;
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::postgres::store::failure::{Overtaken, code};
use crate::backend::postgres::store::verdict::verdict;
use crate::backend::sql::projection::{Change, NotLent, SqlScope, causes, remedy};
use crate::backend::sql::store::{Action, Failure};
use crate::event::RecordedEvent;
use crate::projection::{
    ChangesRefused, CheckpointError, CheckpointReset, CheckpointUpdate, CommitError, ConnectionPool, HandlerError,
    Inject, RawConnection, UnitOfWork,
};
use crate::store::Verdict;

/// The unit of work in PostgreSQL: the transaction in which a batch of events is handled, in the isolation level
/// `READ COMMITTED`.
///
/// Handlers can ask for its connection, as `&mut PgConnection`, and for repositories of read models. A nested
/// `conn.begin()` is a savepoint: a statement in it may fail without failing the batch. A handler that ignores a failed
/// statement outside a savepoint fails the whole transaction, which PostgreSQL then refuses to commit.
///
/// A handler cannot commit the transaction: PostgreSQL refuses it, as it refuses a violated constraint. If a handler
/// rolls the transaction back, the end of the batch detects it and nothing of the batch is kept. What the handler
/// writes after that rollback is refused, because the connection is read-only outside the unit's transaction. With
/// [`pooler_mode`](crate::postgres::PostgresOptions::pooler_mode) connections are shared, and such writes are
/// kept.
///
/// The server ends a transaction in which a handler sends no query for [`idle_in_transaction_session_timeout`](
/// crate::postgres::PostgresOptions::idle_in_transaction_session_timeout), 30 s by default: call slow services
/// in an effects projection.
///
/// [`PostgresCheckpoints`](super::PostgresCheckpoints) opens it. See [`UnitOfWork`] for what it promises.
///
/// ```no_run
/// use eventsource::postgres::PostgresCheckpoints;
/// use eventsource::projection::{CheckpointStore, Inject, UnitOfWork};
/// use eventsource::sqlx::{self, PgConnection};
///
/// # async fn example(checkpoints: PostgresCheckpoints) -> Result<(), Box<dyn std::error::Error>> {
/// let mut unit = checkpoints.begin().await?;
/// let mut conn = PgConnection::inject(&mut unit).await.map_err(|error| error.to_string())?;
/// sqlx::query("INSERT INTO orders VALUES (1)").execute(&mut *conn).await?;
/// drop(conn);
/// unit.rollback().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PostgresUnit {
    db: PostgresDatabase,
    /// `None` in a detached unit, which begins its transaction when it commits.
    batch: Option<Arc<Mutex<BatchTransaction>>>,
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

    /// As [`lend`](Self::lend), for a handler, which may leave the session in any state.
    fn lend_to_handler(&self) -> Result<LentConnection, NotLent> {
        let mut batch = self.0.upgrade().ok_or(NotLent::Ended)?.try_lock_owned().map_err(|_| NotLent::Twice)?;
        batch.lend();
        drop(batch);
        self.lend()
    }
}

/// The connection of a batch, as a handler gets it. Dropping it returns it to the batch.
///
/// It dereferences to a `PgConnection`. `#[projection]` takes it for a handler that asks for a `&mut PgConnection`.
/// While it exists, a second request in the same unit of work fails.
///
/// ```no_run
/// use eventsource::projection::Inject;
/// use eventsource::postgres::{LentConnection, PostgresUnit};
/// use eventsource::sqlx::{self, PgConnection};
///
/// # async fn example(mut unit: PostgresUnit) -> Result<(), Box<dyn std::error::Error>> {
/// let mut conn: LentConnection = PgConnection::inject(&mut unit).await.map_err(|error| error.to_string())?;
/// sqlx::query("UPDATE orders SET shipped = true WHERE id = 1").execute(&mut *conn).await?;
/// drop(conn); // Now another handler of the batch can ask for it.
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct LentConnection(OwnedMappedMutexGuard<BatchTransaction, PgConnection>);

impl Deref for LentConnection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for LentConnection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}

/// A handler ignored the failure of a statement.
#[derive(Debug, thiserror::Error)]
#[error(
    "a handler ignored a failed statement, after which PostgreSQL fails the whole transaction: return the error, or run \
     the statement in a nested transaction (`conn.begin()`)"
)]
struct PassedOver;

impl Inject<PostgresUnit> for PgConnection {
    type Guard = LentConnection;

    async fn inject(unit: &mut PostgresUnit) -> Result<LentConnection, HandlerError> {
        unit.scope.check_connection()?;
        let batch = unit.connection().map_err(HandlerError::permanent)?;
        unit.scope.lend_connection().await?;
        batch.lend_to_handler().map_err(HandlerError::permanent)
    }
}

impl RawConnection for PgConnection {}

impl ConnectionPool for sqlx::PgPool {
    const CONNECTION: &'static str = "PgConnection";
}

impl ConnectionPool for sqlx::pool::PoolConnection<sqlx::Postgres> {
    const CONNECTION: &'static str = "PgConnection";
}

impl PostgresUnit {
    pub(super) async fn begin(db: &PostgresDatabase, scope: SqlScope) -> Result<Self, sqlx::Error> {
        let batch = BatchTransaction::begin(db).await?;
        Ok(Self { db: db.clone(), batch: Some(Arc::new(Mutex::new(batch))), scope })
    }

    pub(super) fn detached(db: &PostgresDatabase) -> Self {
        Self { db: db.clone(), batch: None, scope: SqlScope::default() }
    }

    /// Returns the batch's connection, if there is a batch.
    pub(crate) fn connection(&self) -> Result<BatchConnection, NotLent> {
        self.batch.as_ref().map(|batch| BatchConnection(Arc::downgrade(batch))).ok_or(NotLent::Detached)
    }

    pub(crate) const fn database(&self) -> &PostgresDatabase {
        &self.db
    }

    pub(in crate::backend) const fn scope(&mut self) -> &mut SqlScope {
        &mut self.scope
    }

    async fn end(self, change: Change<'_>) -> Result<(), CommitError> {
        let action = change.action();
        let Some(batch) = self.batch else { return end_detached(&self.db, change).await };
        let flushed = self.scope.flush().await;
        let Ok(mut batch) = batch.try_lock_owned() else {
            let source = Box::new(NotLent::Twice);
            return Err(CheckpointError::Failed { action: action.to_string(), source }.into());
        };
        let ended = match flushed {
            Ok(()) => end_batch(&self.db, &mut batch, change, self.scope.has_several_events()).await,
            Err(refused) => Err(refusal(&self.db, &mut batch, action, refused).await),
        };
        if ended.is_err()
            && let Some(undone) = batch.undo()
        {
            let _ = undone.await;
        }
        ended
    }
}

/// Returns the error of a failed flush. An outage is not the fault of a handler. A refused change is, possibly because
/// of what the handler did before.
async fn refusal(
    db: &PostgresDatabase,
    batch: &mut BatchTransaction,
    action: Action<'_>,
    refused: ChangesRefused,
) -> CommitError {
    if judge(&refused).is_some_and(Verdict::is_outage) {
        return CommitError::undone(action, refused);
    }
    // IN FAILED SQL TRANSACTION: an earlier statement failed.
    if causes(&refused).any(|error| error.downcast_ref().and_then(code).as_deref() == Some("25P02")) {
        return ChangesRefused::new(PassedOver).into();
    }
    match batch.prove(db, false).await {
        Err(Unfinished::Ended) => CommitError::TransactionEnded,
        _ => refused.into(),
    }
}

/// Returns the verdict on `error` or on one of its causes.
fn judge(error: &(dyn Error + 'static)) -> Option<Verdict> {
    causes(error).find_map(|cause| match cause.downcast_ref() {
        Some(error) => Some(verdict(error)),
        None => cause.is::<Overtaken>().then_some(Verdict::Conflict),
    })
}

/// Applies `change` to the checkpoint.
async fn make(change: Change<'_>, db: &PostgresDatabase, conn: &mut PgConnection) -> Result<(), CommitError> {
    let failed = |failure| CheckpointError::failed(change.action(), failure);
    match change {
        Change::Update(step) if !rows::advance(db, conn, step).await.map_err(failed)? => {
            let found = rows::load(db, conn, &step.name).await.map_err(failed)?;
            Err(CommitError::Fenced { step: Box::new(step.clone()), found })
        }
        Change::Update(_) => Ok(()),
        Change::Reset(clear) if !rows::clear(db, conn, clear).await.map_err(failed)? => {
            Err(CommitError::NotOwned { clear: Box::new(clear.clone()) })
        }
        Change::Reset(_) => Ok(()),
    }
}

async fn end_batch(
    db: &PostgresDatabase,
    batch: &mut BatchTransaction,
    change: Change<'_>,
    several: bool,
) -> Result<(), CommitError> {
    let unfinished = |unfinished| match unfinished {
        Unfinished::Ended => CommitError::TransactionEnded,
        Unfinished::Aborted => ChangesRefused::new(PassedOver).into(),
        // The server answered and rolled back, such as for a constraint that is checked at the commit.
        Unfinished::Failed(Failure::Database(error))
            if error.as_database_error().is_some() && !verdict(&error).is_outage() =>
        {
            ChangesRefused::new(error).into()
        }
        Unfinished::Changed(changed) => CommitError::SessionChanged { changed },
        Unfinished::Failed(failure) => CheckpointError::failed(change.action(), failure).into(),
    };
    batch.prove(db, several).await.map_err(unfinished)?;
    make(change, db, batch.connection().ok_or(CommitError::TransactionEnded)?).await?;
    batch.commit().await.map_err(unfinished)
}

async fn end_detached(db: &PostgresDatabase, change: Change<'_>) -> Result<(), CommitError> {
    let failed = |error: sqlx::Error| CheckpointError::failed(change.action(), error.into());
    let mut tx = db.begin().await.map_err(failed)?;
    make(change, db, &mut tx).await?;
    Ok(tx.commit().await.map_err(failed)?)
}

impl UnitOfWork for PostgresUnit {
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

    fn verdict(&self, error: &(dyn Error + 'static)) -> Option<Verdict> {
        causes(error).filter_map(|cause| cause.downcast_ref()).for_each(|error| self.db.note_stale(error));
        judge(error)
    }

    fn remedy(&self, error: &(dyn Error + 'static)) -> Option<&'static str> {
        remedy(error)
    }
}
