//! Connections on which SQLite and the driver disagree about the transaction, or on which a handler has left something.

use sqlx::sqlite::{SqlitePoolOptions, SqliteTransactionManager as Manager};
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};

use super::statements;
use crate::store::sql::driver_internals::TransactionManager as _;
use crate::store::sql::has_no_transaction;

/// A connection that goes back to its pool has no transaction open, also by the driver's count: SQLite rolls back by itself
/// where its disk is full, and the driver goes on counting.
pub(super) fn without_transactions(options: SqlitePoolOptions) -> SqlitePoolOptions {
    options.after_release(|conn, _| {
        Box::pin(async move { Ok(has_no_transaction::<Sqlite>(conn).await? || mend(conn).await.is_ok()) })
    })
}

/// Rolls back the transaction, and the savepoints of sqlx that are open in it.
pub(crate) async fn roll_back(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    for depth in (1..=Manager::get_transaction_depth(conn)).rev() {
        if depth > 1 {
            // The savepoint may be gone with one around it; sqlx would not get past that.
            sqlx::raw_sql(AssertSqlSafe(statements::savepoint(depth - 1))).execute(&mut *conn).await?;
        }
        Manager::rollback(conn).await?;
    }
    // After a commit whose answer was not taken, sqlx ignores the next rollback of a dropped transaction: this one.
    Manager::start_rollback(conn);
    Ok(())
}

/// Gives sqlx back the transaction that has ended without it, and ends it properly.
pub(crate) async fn mend(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    // It fails where there is another transaction, which serves as well.
    let _ = sqlx::raw_sql("BEGIN").execute(&mut *conn).await;
    roll_back(conn).await
}

/// Undoes what a handler may have left on a connection that cannot be closed: that of a database in memory, which ends
/// with it. What SQLite does not tell stays: functions, collations and hooks.
pub(crate) async fn make_as_new(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(statements::DEFAULTS).execute(&mut *conn).await?;
    let undo: Vec<String> = sqlx::query_scalar(statements::LEFT_BEHIND).fetch_all(&mut *conn).await?;
    for statement in undo {
        // What was dropped with its table is gone.
        let _ = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *conn).await;
    }
    Ok(())
}
