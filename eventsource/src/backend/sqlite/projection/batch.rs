//! The transaction of one batch, and how it ends.

use std::error::Error;

use sqlx::sqlite::SqliteTransactionManager as Manager;
use sqlx::{AssertSqlSafe, Connection as _, SqlSafeStr as _, Sqlite, SqliteConnection};
use tokio::runtime::Handle;
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::statements;
use super::watch::TransactionWatch;
use crate::backend::sql::projection::unit::Transaction;
use crate::backend::sql::store::driver_internals::TransactionManager as _;
use crate::backend::sql::store::{Action, Borrowed, ConnectionCache};
use crate::backend::sqlite::store::SqliteDatabase;
use crate::backend::sqlite::store::busy::{Failure, result_code, retry_while_busy};
use crate::backend::sqlite::store::mend::{make_as_new, mend, roll_back};
use crate::projection::HandlerError;
use crate::store::StoreError;

/// The transaction of one batch. Dropping it rolls it back.
#[derive(Debug)]
pub(in crate::backend) struct BatchTransaction(Option<Open>);

#[derive(Debug)]
struct Open {
    id: Uuid,
    db: SqliteDatabase,
    conn: Borrowed<Sqlite>,
    from: From,
    /// Whether a handler had the connection.
    lent: bool,
    watch: TransactionWatch,
    // Dropped last, so that the next writer finds the connection in the cache.
    turn: OwnedMutexGuard<()>,
}

/// The source of a batch's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    /// The connection of the last writer: another one would have to read again what that one wrote.
    Appender,
    /// The connection that handlers get.
    Handlers,
}

impl From {
    fn kept(self, db: &SqliteDatabase) -> &ConnectionCache<Sqlite> {
        match (self, db.handlers()) {
            (Self::Handlers, Some(handlers)) => handlers,
            _ => db.appender(),
        }
    }
}

/// The transaction could not begin again on a connection that a handler may get.
#[derive(Debug, thiserror::Error)]
#[error("the batch could not move to a connection for handlers")]
pub(super) struct NotLendable(#[source] Box<dyn Error + Send + Sync>);

/// The reason why a batch did not commit.
pub(super) enum Unfinished {
    Ended,
    Failed(Failure),
    /// A handler changed the connection, and the events after it would see that.
    Changed(String),
}

impl<F: Into<Failure>> std::convert::From<F> for Unfinished {
    fn from(failure: F) -> Self {
        Self::Failed(failure.into())
    }
}

impl BatchTransaction {
    pub(super) async fn begin(db: &SqliteDatabase, watch: TransactionWatch) -> Result<Self, StoreError> {
        let turn = db.turn(&db.patience(Action::Begin)).await?;
        let from = if db.handlers().is_some() && db.lends() { From::Handlers } else { From::Appender };
        Self::begin_on(db, from, watch, turn).await
    }

    async fn begin_on(
        db: &SqliteDatabase,
        from: From,
        watch: TransactionWatch,
        turn: OwnedMutexGuard<()>,
    ) -> Result<Self, StoreError> {
        let patience = db.patience(Action::Begin);
        let id = Uuid::now_v7();
        let begin = || match from {
            From::Appender => statements::begin_batch(id),
            From::Handlers => statements::begin_lent_batch(id),
        };
        let conn = retry_while_busy!(patience, async {
            let mut conn = from.kept(db).take(|_| false).await?;
            Manager::begin(&mut conn.conn, Some(AssertSqlSafe(begin()).into_sql_str())).await?;
            Ok::<_, Failure>(conn)
        })?;
        // From here on the transaction is open, and dropping the batch ends it.
        Ok(Self(Some(Open { id, db: db.clone(), conn, from, lent: false, watch, turn })))
    }

    /// Prepares the connection for a handler, which may leave it in any state, so that no append may use it afterwards.
    /// If it is the appender's connection and the batch is still `untouched`, the batch begins again on another one.
    /// Otherwise the appender gets a new connection after the batch.
    async fn make_lendable(&mut self, untouched: bool) -> Result<(), NotLendable> {
        let Some(open) = self.0.as_mut().filter(|open| !open.lent) else { return Ok(()) };
        let switches = untouched && open.from == From::Appender && open.db.handlers().is_some();
        if switches && let Some(open) = self.0.take() {
            let (db, watch) = (open.db.clone(), open.watch.clone());
            let turn = open.undo().await;
            *self =
                Self::begin_on(&db, From::Handlers, watch, turn).await.map_err(|error| NotLendable(Box::new(error)))?;
        }
        let Some(open) = self.0.as_mut() else { return Ok(()) };
        open.lent = true;
        let conn = &mut open.conn.conn;
        open.watch.install(conn).await.map_err(|error| NotLendable(Box::new(error)))?;
        if open.from == From::Appender {
            // Its prepared statements may belong to a table that has changed since.
            let read = sqlx::raw_sql(statements::READ_SCHEMA).execute(&mut **conn).await;
            read.map_err(|error| NotLendable(Box::new(error)))?;
            conn.clear_cached_statements().await.map_err(|error| NotLendable(Box::new(error)))?;
        }
        Ok(())
    }

    /// Proves that the transaction is still the one that [`BatchTransaction::begin`] began, with no nested transaction
    /// open ([exactly once](crate::guarantees#exactly-once)). If the batch has `several` events, it is an error that a
    /// handler changed the connection.
    pub(super) async fn prove(&mut self, several: bool) -> Result<(), Unfinished> {
        let Open { conn, watch, id, lent, .. } = self.0.as_mut().ok_or(Unfinished::Ended)?;
        if watch.has_ended() {
            return Err(Unfinished::Ended);
        }
        let conn = &mut conn.conn;
        if *lent && several {
            let changed: String = sqlx::query_scalar(statements::CHANGED).fetch_one(&mut **conn).await?;
            if !changed.is_empty() {
                return Err(Unfinished::Changed(changed));
            }
        }
        if *lent {
            sqlx::raw_sql(statements::WRITE_AGAIN).execute(&mut **conn).await?;
        }
        match sqlx::raw_sql(AssertSqlSafe(statements::release_batch(*id))).execute(&mut **conn).await {
            Ok(_) => {}
            // SQLITE_ERROR: there is no such savepoint.
            Err(error) if result_code(&error) == Some(1) => return Err(Unfinished::Ended),
            Err(error) => return Err(error.into()),
        }
        // Asked after the release, which runs after every statement that handlers started.
        if watch.has_ended() || Manager::get_transaction_depth(conn) != 1 {
            return Err(Unfinished::Ended);
        }
        Ok(())
    }

    pub(super) async fn commit(&mut self) -> Result<(), Unfinished> {
        let Open { conn, watch, lent, .. } = self.0.as_mut().ok_or(Unfinished::Ended)?;
        if *lent && watch.remove(&mut conn.conn).await? {
            return Err(Unfinished::Ended);
        }
        Manager::commit(&mut conn.conn).await?;
        if let Some(open) = self.0.take() {
            open.db.note_lent(open.lent);
            open.give_back();
        }
        Ok(())
    }
}

impl Transaction for BatchTransaction {
    type Connection = SqliteConnection;

    fn connection(&mut self) -> Option<&mut SqliteConnection> {
        self.0.as_mut().map(|open| &mut *open.conn.conn)
    }

    async fn lend(&mut self, untouched: bool) -> Result<(), HandlerError> {
        Ok(self.make_lendable(untouched).await?)
    }

    fn undo(&mut self) -> Option<JoinHandle<()>> {
        let open = self.0.take()?;
        match Handle::try_current() {
            // In a task of its own, which is not cancelled together with the caller.
            Ok(runtime) => Some(runtime.spawn(async { drop(open.undo().await) })),
            // Closing the connection rolls back.
            Err(_) => {
                drop(open.conn.conn.detach());
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

impl Open {
    /// Returns the connection to the next writer. A connection that a handler had is closed before the next write: it
    /// may hold a lock of its own.
    fn give_back(self) {
        if !self.lent {
            self.from.kept(&self.db).keep(self.conn);
            return;
        }
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(self.renew())),
            Err(_) => drop(self.conn.conn.detach()),
        }
    }

    /// Replaces a connection that a handler had.
    async fn renew(self) {
        let Self { db, mut conn, from, turn, .. } = self;
        if db.is_in_memory() {
            // A database in memory exists only on its one connection.
            if let Err(error) = make_as_new(&mut conn.conn).await {
                tracing::error!(%error, "the connection of a database in memory could not be reset after a handler used it");
            }
            return from.kept(&db).keep(conn);
        }
        let _ = conn.conn.close().await;
        drop(turn);
        // The next batch finds it open.
        if let Ok(conn) = from.kept(&db).take(|_| false).await {
            from.kept(&db).keep(conn);
        }
    }

    /// Rolls back, and returns the turn.
    async fn undo(mut self) -> OwnedMutexGuard<()> {
        self.db.note_lent(self.lent);
        let in_memory = self.db.is_in_memory();
        let conn = &mut self.conn.conn;
        // Only a handler that had the connection can have ended the transaction.
        let ended = if self.lent { self.watch.remove(conn).await } else { Ok(false) };
        let undone = match ended {
            // Closing the connection rolls back.
            _ if self.lent && !in_memory => Err(sqlx::Error::WorkerCrashed),
            Ok(false) if !in_memory => roll_back(conn).await,
            // A database in memory exists only on its one connection.
            Ok(_) if in_memory => match mend(conn).await {
                Ok(()) if self.lent => make_as_new(conn).await.and(TransactionWatch::forget(conn).await),
                mended => mended,
            },
            // sqlx counts a transaction that is not there: the connection is unusable.
            Ok(_) => Err(sqlx::Error::WorkerCrashed),
            Err(error) => Err(error),
        };
        if undone.is_err() {
            let _ = self.conn.conn.close().await;
        } else {
            self.from.kept(&self.db).keep(self.conn);
        }
        self.turn
    }
}
