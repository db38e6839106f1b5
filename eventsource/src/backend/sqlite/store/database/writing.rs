//! The turns of the writers of a database file.

use std::sync::Arc;

use sqlx::{Sqlite, Transaction};
use tokio::sync::OwnedMutexGuard;

use super::super::busy::{BusyDeadline, Failure, retry_while_busy};
use super::super::statements;
use super::SqliteDatabase;
use crate::backend::sql::store::Action;
use crate::store::{ReentrancyMark, StoreError};

/// A write transaction. It is rolled back if it is dropped without a commit.
pub(crate) struct Writing {
    pub(crate) tx: Transaction<'static, Sqlite>,
    // Dropped after the transaction, so that the connection is on its way back when the next writer starts.
    _turn: OwnedMutexGuard<()>,
}

impl SqliteDatabase {
    /// Waits without a limit until no other task of this process writes through this database.
    pub(in super::super) async fn any_turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.0.writing).lock_owned().await
    }

    /// Fails if the current task holds the lock itself.
    pub(in super::super) fn check_write(&self, action: Action<'_>) -> Result<(), StoreError> {
        if ReentrancyMark::any(|held| held.resource() == self.0.lock.resource()) {
            return Err(self.inside_unit_of_work(action));
        }
        Ok(())
    }

    /// Waits until no other task of this process writes through this database. Fails after the write timeout.
    ///
    /// Acquire a connection only afterwards. So waiting writers hold no connection, and cannot starve readers or the
    /// writer.
    pub(crate) async fn turn(&self, patience: &BusyDeadline<'_>) -> Result<OwnedMutexGuard<()>, StoreError> {
        self.check_write(patience.action())?;
        let turn = Arc::clone(&self.0.writing).lock_owned();
        tokio::time::timeout(patience.left(), turn).await.map_err(|_| patience.busy())
    }

    /// Fails if the current task holds the only connection, because a read would never get one.
    pub(crate) fn check_read(&self, action: Action<'_>) -> Result<(), StoreError> {
        if self.0.only_connection && ReentrancyMark::any(|held| held.through() == self.0.lock.through()) {
            return Err(self.inside_unit_of_work(action));
        }
        Ok(())
    }

    /// Begins a write transaction.
    pub(crate) async fn write(&self, patience: &BusyDeadline<'_>) -> Result<Writing, StoreError> {
        let turn = self.turn(patience).await?;
        let tx = retry_while_busy!(patience, async {
            self.0.pool.begin_with(statements::BEGIN).await.map_err(Failure::from)
        })?;
        Ok(Writing { tx, _turn: turn })
    }

    fn inside_unit_of_work(&self, action: Action<'_>) -> StoreError {
        StoreError::InsideUnitOfWork { action: action.to_string(), database: self.0.lock.resource().to_owned() }
    }
}
