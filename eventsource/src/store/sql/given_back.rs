//! A connection that goes back to a pool: whether a transaction is still open on it.

use sqlx::{Database, SqlSafeStr as _};

use crate::store::sql::driver_internals::TransactionManager as _;

/// Whether no transaction is open on `conn`, neither in the database nor by the driver's count.
///
/// A caller who gives up while a transaction begins leaves it to the connection, and the driver does not count it: the
/// next owner of the connection would write in it, be told that it is done, and never commit. The other way round, SQLite
/// rolls back by itself where its disk is full, and the driver goes on counting: nothing could begin there any more.
pub(crate) async fn has_no_transaction<DB: Database>(conn: &mut DB::Connection) -> Result<bool, sqlx::Error> {
    // An empty query, after which the driver looks whether there is a transaction.
    match DB::TransactionManager::begin(conn, Some("".into_sql_str())).await {
        Err(sqlx::Error::BeginFailed) => Ok(true),
        Err(sqlx::Error::InvalidSavePointStatement) => Ok(false),
        left => left.map(|()| false),
    }
}
