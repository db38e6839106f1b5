//! Checks whether a connection that returns to a pool has an open transaction.

use sqlx::{Database, SqlSafeStr as _};

use crate::backend::sql::store::driver_internals::TransactionManager as _;

/// Returns whether `conn` has no open transaction, neither in the database nor in the driver's count.
///
/// The two can differ. If a caller is cancelled while a transaction begins, the transaction is open and the driver does
/// not count it. The next user of the connection would write into it, see success, and never commit. If its disk is
/// full, SQLite rolls back by itself and the driver still counts a transaction. No transaction could begin on that
/// connection.
pub(crate) async fn has_no_transaction<DB: Database>(conn: &mut DB::Connection) -> Result<bool, sqlx::Error> {
    // The driver runs this empty query, and then checks whether there is a transaction.
    match DB::TransactionManager::begin(conn, Some("".into_sql_str())).await {
        Err(sqlx::Error::BeginFailed) => Ok(true),
        Err(sqlx::Error::InvalidSavePointStatement) => Ok(false),
        left => left.map(|()| false),
    }
}
