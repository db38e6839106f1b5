//! Repairs connections on which SQLite and the driver disagree about the transaction, or on which a handler has left
//! state.

use sqlx::sqlite::{SqlitePoolOptions, SqliteTransactionManager as Manager};
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};

use super::statements;
use crate::backend::sql::store::driver_internals::TransactionManager as _;
use crate::backend::sql::store::has_no_transaction;

/// Ensures that a connection returns to its pool without an open transaction, also in the driver's count. If its disk
/// is full, SQLite rolls back by itself, and the driver still counts a transaction.
pub(super) fn without_transactions(options: SqlitePoolOptions) -> SqlitePoolOptions {
    options.after_release(|conn, _| {
        Box::pin(async move { Ok(has_no_transaction::<Sqlite>(conn).await? || mend(conn).await.is_ok()) })
    })
}

/// Rolls back the transaction, and the savepoints of sqlx that are open in it.
pub(crate) async fn roll_back(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    for depth in (1..=Manager::get_transaction_depth(conn)).rev() {
        if depth > 1 {
            // The savepoint can be gone together with an outer one. sqlx would fail there, so it is created again.
            sqlx::raw_sql(AssertSqlSafe(statements::savepoint(depth - 1))).execute(&mut *conn).await?;
        }
        Manager::rollback(conn).await?;
    }
    // After a commit whose answer was not received, sqlx ignores the next rollback of a dropped transaction. This call
    // is that rollback.
    Manager::start_rollback(conn);
    Ok(())
}

/// Begins a transaction for one that has ended without sqlx, and rolls it back with sqlx. Then both counts agree.
pub(crate) async fn mend(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    // It fails if there is another transaction, which is fine too.
    let _ = sqlx::raw_sql("BEGIN").execute(&mut *conn).await;
    roll_back(conn).await
}

/// Removes the state that a handler may have left on a connection. Used for a database in memory, whose connection
/// cannot be closed. Functions, collations and hooks stay, because SQLite does not list them.
pub(crate) async fn make_as_new(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(statements::DEFAULTS).execute(&mut *conn).await?;
    let undo: Vec<String> = sqlx::query_scalar(statements::LEFT_BEHIND).fetch_all(&mut *conn).await?;
    for statement in undo {
        // It fails for an index or trigger that was dropped together with its table.
        let _ = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *conn).await;
    }
    Ok(())
}
