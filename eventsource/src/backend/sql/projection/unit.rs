//! The unit of work on a SQL database: what is the same on each.

use std::fmt::Debug;
use std::future::Future;
use std::sync::{Arc, Weak};

use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};
use tokio::task::JoinHandle;

use super::{Change, CheckpointDatabase, NotLent, SqlScope, rows};
use crate::backend::sql::store::Action;
use crate::projection::{ChangesRefused, CheckpointError, CommitError, HandlerError};

/// The transaction of a batch. Dropping it rolls it back.
pub(in crate::backend) trait Transaction: Send + 'static {
    type Connection: Send + 'static;

    /// Returns the connection; `None` after the batch has ended.
    fn connection(&mut self) -> Option<&mut Self::Connection>;

    /// Prepares the connection for a handler, which may leave it in any state. `untouched` says whether no repository has
    /// used the connection yet.
    fn lend(&mut self, untouched: bool) -> impl Future<Output = Result<(), HandlerError>> + Send;

    /// Rolls it back. The returned task ends when the connection is clean or closed; the caller need not wait for it.
    fn undo(&mut self) -> Option<JoinHandle<()>>;
}

/// What differs between the units of work of databases.
pub(in crate::backend) trait UnitDatabase: CheckpointDatabase {
    type Batch: Transaction<Connection = Self::Connection> + Debug;

    /// A transaction that only reads, and sees the database as it was at its begin.
    type Look: Send + Debug + 'static;

    /// Returns the error of a failed flush. An outage is not the fault of a handler; a refused change is.
    fn refusal(
        &self,
        batch: &mut Self::Batch,
        action: Action<'_>,
        refused: ChangesRefused,
    ) -> impl Future<Output = CommitError> + Send;

    /// Proves that the transaction is still the one that was begun, before `change` is made. `several` says whether the
    /// batch has several events.
    fn prove(
        &self,
        batch: &mut Self::Batch,
        change: Change<'_>,
        several: bool,
    ) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Commits, after `change` was made.
    fn commit(
        &self,
        batch: &mut Self::Batch,
        change: Change<'_>,
    ) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Makes the change in a transaction of its own.
    fn end_detached(&self, change: Change<'_>) -> impl Future<Output = Result<(), CommitError>> + Send;
}

/// A unit of work on the database `D`.
#[derive(Debug)]
pub(in crate::backend) struct SqlUnit<D: UnitDatabase> {
    db: D,
    /// `None` in a detached unit, which begins its transaction when it commits.
    batch: Option<Arc<Mutex<D::Batch>>>,
    scope: SqlScope,
    /// What a trial is compared with.
    look: Option<D::Look>,
}

impl<D: UnitDatabase> SqlUnit<D> {
    pub(in crate::backend) fn new(db: &D, batch: D::Batch, scope: SqlScope) -> Self {
        Self { db: db.clone(), batch: Some(Arc::new(Mutex::new(batch))), scope, look: None }
    }

    pub(in crate::backend) fn detached(db: &D) -> Self {
        Self { db: db.clone(), batch: None, scope: SqlScope::default(), look: None }
    }

    /// Returns the place of the transaction that a trial is compared with.
    pub(in crate::backend) const fn look(&mut self) -> &mut Option<D::Look> {
        &mut self.look
    }

    /// Returns the batch's connection, if there is a batch.
    pub(in crate::backend) fn connection(&self) -> Result<BatchConnection<D::Batch>, NotLent> {
        self.batch.as_ref().map(|batch| BatchConnection(Arc::downgrade(batch))).ok_or(NotLent::Detached)
    }

    /// Returns the batch's connection for a handler, which may leave it in any state.
    pub(in crate::backend) async fn lend_to_handler(&mut self) -> Result<Lent<D::Batch>, HandlerError> {
        self.scope.check_connection()?;
        let batch = self.connection().map_err(HandlerError::permanent)?;
        self.scope.lend_connection().await?;
        let mut batch = batch.batch().map_err(HandlerError::permanent)?;
        batch.lend(self.scope.is_untouched()).await?;
        lend(batch).map_err(HandlerError::permanent)
    }

    pub(in crate::backend) const fn database(&self) -> &D {
        &self.db
    }

    pub(in crate::backend) const fn scope(&self) -> &SqlScope {
        &self.scope
    }

    pub(in crate::backend) const fn scope_mut(&mut self) -> &mut SqlScope {
        &mut self.scope
    }

    /// Writes the changes of the repositories, makes `change` and commits; or rolls back.
    pub(in crate::backend) async fn end(self, change: Change<'_>) -> Result<(), CommitError> {
        let action = change.action();
        let Some(batch) = self.batch else { return self.db.end_detached(change).await };
        let flushed = self.scope.flush().await;
        let Ok(mut batch) = batch.try_lock_owned() else {
            let source = Box::new(NotLent::Twice);
            return Err(CheckpointError::Failed { action: action.to_string(), source }.into());
        };
        let ended = match flushed {
            Ok(()) => end(&self.db, &mut batch, change, self.scope.has_several_events()).await,
            Err(refused) => Err(self.db.refusal(&mut batch, action, refused).await),
        };
        if ended.is_err()
            && let Some(undone) = batch.undo()
        {
            let _ = undone.await;
        }
        ended
    }

    pub(in crate::backend) async fn rollback(self) {
        if let Some(batch) = self.batch
            && let Ok(mut batch) = batch.try_lock_owned()
            && let Some(undone) = batch.undo()
        {
            let _ = undone.await;
        }
    }
}

/// Proves the transaction, makes the change and commits.
async fn end<D: UnitDatabase>(
    db: &D,
    batch: &mut D::Batch,
    change: Change<'_>,
    several: bool,
) -> Result<(), CommitError> {
    db.prove(batch, change, several).await?;
    make(db, batch.connection().ok_or(CommitError::TransactionEnded)?, change).await?;
    db.commit(batch, change).await
}

/// Access to the connection of a batch. It does not keep the batch open.
pub(in crate::backend) struct BatchConnection<B>(Weak<Mutex<B>>);

/// The connection of a batch. Dropping it returns it to the batch.
pub(in crate::backend) type Lent<B> = OwnedMappedMutexGuard<B, <B as Transaction>::Connection>;

impl<B: Transaction> BatchConnection<B> {
    /// Returns the batch, unless its connection is in use.
    fn batch(&self) -> Result<OwnedMutexGuard<B>, NotLent> {
        self.0.upgrade().ok_or(NotLent::Ended)?.try_lock_owned().map_err(|_| NotLent::Twice)
    }

    /// Returns the connection, unless it is in use.
    pub(in crate::backend) fn lend(&self) -> Result<Lent<B>, NotLent> {
        lend(self.batch()?)
    }
}

/// Returns the connection of `batch`.
fn lend<B: Transaction>(batch: OwnedMutexGuard<B>) -> Result<Lent<B>, NotLent> {
    OwnedMutexGuard::try_map(batch, Transaction::connection).map_err(|_| NotLent::Ended)
}

/// Applies `change` to the checkpoint.
pub(in crate::backend) async fn make<D: UnitDatabase>(
    db: &D,
    conn: &mut D::Connection,
    change: Change<'_>,
) -> Result<(), CommitError> {
    let failed = |failure| CheckpointError::failed(change.action(), failure);
    match change {
        Change::Update(step) if !rows::advance(db, conn, step).await.map_err(failed)? => {
            let found = rows::load(db, conn, &step.key()).await.map_err(failed)?;
            Err(CommitError::Fenced { step: Box::new(step.clone()), found: found.map(Box::new) })
        }
        Change::Update(_) => Ok(()),
        Change::Reset(clear) if !rows::clear(db, conn, clear).await.map_err(failed)? => {
            Err(CommitError::NotOwned { clear: Box::new(clear.clone()) })
        }
        Change::Reset(_) => Ok(()),
    }
}
