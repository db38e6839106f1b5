//! Dead letters as rows: what only SQLite has.

use sqlx::SqliteConnection;

use super::statements;
use crate::backend::sqlite::store::busy::Failure;

/// Looks at the next `limit` dismissed letters after `after`, and deletes those that were dismissed before `before`.
/// Returns how many it deleted, and the last position; `None` if there was no letter.
pub(super) async fn forget_some(
    conn: &mut SqliteConnection,
    name: &str,
    after: i64,
    before: &str,
    limit: i64,
) -> Result<Option<(u64, i64)>, Failure> {
    let last = sqlx::query_scalar(statements::DISMISSED_UP_TO).bind(name).bind(after).bind(limit);
    let last: Option<i64> = last.fetch_one(&mut *conn).await?;
    let Some(last) = last else { return Ok(None) };
    let deleted = sqlx::query(statements::FORGET_DISMISSED).bind(name).bind(after).bind(last).bind(before);
    Ok(Some((deleted.execute(conn).await?.rows_affected(), last)))
}
