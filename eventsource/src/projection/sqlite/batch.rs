//! The transaction of one batch, and how it ends.

use sqlx::sqlite::SqliteTransactionManager as Manager;
use sqlx::{AssertSqlSafe, SqlSafeStr as _, Sqlite, SqliteConnection};
use sqlx_core::transaction::TransactionManager as _;
use tokio::runtime::Handle;
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::statements;
use super::watch::Watch;
use crate::store::StoreError;
use crate::store::sql::{Action, Borrowed};
use crate::store::sqlite::SqliteDatabase;
use crate::store::sqlite::busy::{Failure, patiently, result_code};

/// The transaction of one batch. Dropping it undoes it.
#[derive(Debug)]
pub(super) struct Batch(Option<Open>);

#[derive(Debug)]
struct Open {
    id: Uuid,
    db: SqliteDatabase,
    conn: Borrowed<Sqlite>,
    watch: Watch,
    // Dropped last: the next writer finds the connection on its way back.
    turn: OwnedMutexGuard<()>,
}

/// How a batch did not commit.
pub(super) enum Unfinished {
    Ended,
    Failed(Failure),
}

impl<F: Into<Failure>> From<F> for Unfinished {
    fn from(failure: F) -> Self {
        Self::Failed(failure.into())
    }
}

impl Batch {
    pub(super) async fn begin(db: &SqliteDatabase, watch: Watch) -> Result<Self, StoreError> {
        let patience = db.patience(Action::Begin);
        let turn = db.turn(&patience).await?;
        let id = Uuid::now_v7();
        let conn = patiently!(patience, async {
            // The one that the last writer left: another one would have to read anew what that one wrote.
            let mut conn = db.appender().take(|_| false).await?;
            Manager::begin(&mut conn.conn, Some(AssertSqlSafe(statements::begin_batch(id)).into_sql_str())).await?;
            Ok::<_, Failure>(conn)
        })?;
        // From here on the transaction is open, and dropping the batch ends it.
        let mut batch = Self(Some(Open { id, db: db.clone(), conn, watch: watch.clone(), turn }));
        if let Some(conn) = batch.connection() {
            watch.install(conn).await.map_err(|error| patience.error(error.into()))?;
        }
        Ok(batch)
    }

    /// The connection, until the batch has ended.
    pub(super) fn connection(&mut self) -> Option<&mut SqliteConnection> {
        self.0.as_mut().map(|open| &mut *open.conn.conn)
    }

    /// Proves that the transaction is still the one that [`Batch::begin`] began, and with no other open in it (law 3).
    pub(super) async fn prove(&mut self) -> Result<(), Unfinished> {
        let Open { conn, watch, id, .. } = self.0.as_mut().ok_or(Unfinished::Ended)?;
        if watch.has_ended() {
            return Err(Unfinished::Ended);
        }
        let conn = &mut conn.conn;
        match sqlx::raw_sql(AssertSqlSafe(statements::release_batch(*id))).execute(&mut **conn).await {
            Ok(_) => {}
            // SQLITE_ERROR: there is no such savepoint.
            Err(error) if result_code(&error) == Some(1) => return Err(Unfinished::Ended),
            Err(error) => return Err(error.into()),
        }
        // Asked after the release, behind which all that handlers had begun has been done.
        if watch.has_ended() || Manager::get_transaction_depth(conn) != 1 {
            return Err(Unfinished::Ended);
        }
        Ok(())
    }

    pub(super) async fn commit(&mut self) -> Result<(), Unfinished> {
        let Open { conn, watch, .. } = self.0.as_mut().ok_or(Unfinished::Ended)?;
        if watch.remove(&mut conn.conn).await? {
            return Err(Unfinished::Ended);
        }
        Manager::commit(&mut conn.conn).await?;
        if let Some(Open { db, conn, .. }) = self.0.take() {
            db.appender().keep(conn);
        }
        Ok(())
    }

    /// Undoes it. What is returned ends when the connection is clean again, or gone; it need not be waited for.
    pub(super) fn undo(&mut self) -> Option<JoinHandle<()>> {
        let open = self.0.take()?;
        match Handle::try_current() {
            // In a task of its own, which nobody cancels half way.
            Ok(runtime) => Some(runtime.spawn(open.undo())),
            // Closing the connection rolls back.
            Err(_) => {
                drop(open.conn.conn.detach());
                None
            }
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.undo();
    }
}

impl Open {
    async fn undo(mut self) {
        let conn = &mut self.conn.conn;
        let undone = match self.watch.remove(conn).await {
            Ok(false) => roll_back(conn).await,
            // A database in memory is gone with its connection, and has no other.
            Ok(true) if self.db.is_in_memory() => mend(conn).await,
            // sqlx believes in a transaction that is not there: the connection is of no use to anybody.
            Ok(true) => Err(sqlx::Error::WorkerCrashed),
            Err(error) => Err(error),
        };
        if undone.is_err() {
            let _ = self.conn.conn.close().await;
        }
        drop(self.turn);
    }
}

/// Rolls back the transaction, and the savepoints of sqlx that handlers left open in it.
async fn roll_back(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    for depth in (1..=Manager::get_transaction_depth(conn)).rev() {
        if depth > 1 {
            // The savepoint may be gone with one around it; sqlx would not get past that.
            sqlx::raw_sql(AssertSqlSafe(statements::savepoint(depth - 1))).execute(&mut *conn).await?;
        }
        Manager::rollback(conn).await?;
    }
    // After a commit whose answer nobody took, sqlx ignores the next rollback of a dropped transaction: this one.
    Manager::start_rollback(conn);
    Ok(())
}

/// Gives sqlx back the transaction that a handler has ended, and ends it properly.
async fn mend(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    // It fails where a handler has begun another one, which serves as well.
    let _ = sqlx::raw_sql(statements::BEGIN_ANEW).execute(&mut *conn).await;
    roll_back(conn).await?;
    Watch::forget(conn).await
}
