//! The transaction of one batch, and how it ends.

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgRow, PgTransactionManager as Manager};
use sqlx::{Connection as _, PgConnection, Postgres, Row as _, SqlSafeStr as _};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::session::Settings;
use super::statements;
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::postgres::store::failure::code;
use crate::backend::sql::projection::unit::Transaction;
use crate::backend::sql::store::Failure;
use crate::backend::sql::store::driver_internals::TransactionManager as _;
use crate::projection::HandlerError;

/// The transaction of one batch. Dropping it rolls it back.
#[derive(Debug)]
pub(in crate::backend) struct BatchTransaction {
    id: Uuid,
    conn: Option<PoolConnection<Postgres>>,
    /// Dropped after the connection, so that the next unit of work finds the connection in the pool.
    turn: Option<OwnedSemaphorePermit>,
    /// Whether a handler had the connection.
    lent: bool,
}

/// The reason why a batch did not commit.
pub(super) enum Unfinished {
    Ended,
    /// A statement failed in the transaction, and the handler ignored it.
    Aborted,
    Failed(Failure),
    /// A handler changed the session, and the events after it would see that.
    Changed(String),
}

impl<F: Into<Failure>> From<F> for Unfinished {
    fn from(failure: F) -> Self {
        Self::Failed(failure.into())
    }
}

impl BatchTransaction {
    pub(super) async fn begin(db: &PostgresDatabase) -> Result<Self, sqlx::Error> {
        let id = Uuid::now_v7();
        let begin = db.sql(&format!("{}; {}", db.begin_sql(), statements::begin_batch(id, Settings::of(db))));
        // From here on, dropping the batch ends the transaction, even if it was only half begun.
        let (conn, turn) = db.unit_connection().await?;
        let mut batch = Self { id, conn: Some(conn), turn: Some(turn), lent: false };
        if let Some(conn) = batch.connection() {
            Manager::begin(conn, Some(begin.into_sql_str())).await?;
        }
        Ok(batch)
    }

    /// Proves that the transaction is still the one that [`BatchTransaction::begin`] began, with no nested transaction
    /// open and no failed statement ([exactly once](crate::guarantees#exactly-once)). Resets the session if a handler
    /// had it. If the batch has `several` events, it is an error that a handler changed the session.
    pub(super) async fn prove(&mut self, db: &PostgresDatabase, several: bool) -> Result<(), Unfinished> {
        let lent = self
            .lent
            .then(|| db.sql(&statements::release_lent_batch(self.id, several, Settings::of(db), db.limit_idle_sql())));
        let release = db.sql(&statements::release_batch(self.id));
        let recover = db.sql(&statements::recover_batch(self.id));
        let conn = self.connection().ok_or(Unfinished::Ended)?;
        if Manager::get_transaction_depth(conn) != 1 {
            return Err(Unfinished::Ended);
        }
        let released = match lent {
            Some(release) => released(sqlx::raw_sql(release).fetch_all(&mut *conn).await),
            None => {
                sqlx::raw_sql(release).execute(&mut *conn).await.map(|done| (done.rows_affected() == 1, String::new()))
            }
        };
        match released {
            Ok((true, changed)) if changed.is_empty() => Ok(()),
            Ok((true, changed)) => Err(Unfinished::Changed(changed)),
            Ok((false, _)) => Err(Unfinished::Ended),
            // A failed statement was ignored, in this transaction or in another one.
            Err(error) if code(&error).as_deref() == Some("25P02") => {
                match sqlx::raw_sql(recover).execute(conn).await {
                    Ok(done) if done.rows_affected() == 1 => Err(Unfinished::Aborted),
                    Err(error) if error.as_database_error().is_none() => Err(error.into()),
                    Ok(_) | Err(_) => Err(Unfinished::Ended),
                }
            }
            // There is no such savepoint, or no transaction at all.
            Err(error) if matches!(code(&error).as_deref(), Some("3B001" | "25P01")) => Err(Unfinished::Ended),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn commit(&mut self) -> Result<(), Unfinished> {
        Manager::commit(self.connection().ok_or(Unfinished::Ended)?).await?;
        self.conn = None;
        self.turn = None;
        Ok(())
    }
}

impl Transaction for BatchTransaction {
    type Connection = PgConnection;

    fn connection(&mut self) -> Option<&mut PgConnection> {
        self.conn.as_deref_mut()
    }

    async fn lend(&mut self, _: bool) -> Result<(), HandlerError> {
        self.lent = true;
        Ok(())
    }

    fn undo(&mut self) -> Option<JoinHandle<()>> {
        let conn = self.conn.take()?;
        let turn = self.turn.take();
        match Handle::try_current() {
            // In a task of its own, which is not cancelled together with the caller.
            Ok(runtime) => Some(runtime.spawn(undo(conn, self.lent, turn))),
            // Closing the connection rolls back.
            Err(_) => {
                drop(conn.detach());
                None
            }
        }
    }
}

impl Drop for BatchTransaction {
    fn drop(&mut self) {
        self.undo();
    }
}

/// Returns whether the batch was released, and what handlers changed, from the rows of
/// [`release_lent_batch`](statements::release_lent_batch).
fn released(rows: Result<Vec<PgRow>, sqlx::Error>) -> Result<(bool, String), sqlx::Error> {
    let rows = rows?;
    let changed = rows.first().map_or(Ok(String::new()), |row| row.try_get(0))?;
    Ok((rows.len() == 3, changed))
}

async fn undo(mut conn: PoolConnection<Postgres>, lent: bool, turn: Option<OwnedSemaphorePermit>) {
    // Closing is simpler than repairing in these cases, since the server rolls back when its client disconnects: a
    // nested transaction is open, or a handler had the session. The prepared statements may be why the batch failed,
    // after a change of a table, so none of them is used again.
    let clean = !lent
        && Manager::get_transaction_depth(&conn) == 1
        && Manager::rollback(&mut conn).await.is_ok()
        && conn.clear_cached_statements().await.is_ok();
    if !clean {
        let _ = conn.close().await;
    }
    drop(turn);
}
