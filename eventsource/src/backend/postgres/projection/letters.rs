//! Dead letters as rows: what only PostgreSQL has.

use sqlx::PgConnection;

use super::statements;
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::sql::store::{Failure, clamped, unsigned};
use crate::projection::LetterCounts;

/// Looks at the next `limit` dismissed letters after `after`, and deletes those that were dismissed before `before`.
/// Returns how many it deleted, and the last position; `None` if there was no letter.
pub(super) async fn forget_some(
    db: &PostgresDatabase,
    name: &str,
    after: i64,
    before: &str,
    limit: i64,
) -> Result<Option<(u64, i64)>, Failure> {
    let mut session = db.session().await?;
    let query = sqlx::query_as(db.sql(statements::FORGET_DISMISSED)).bind(name).bind(after).bind(before).bind(limit);
    let (deleted, last): (i64, Option<i64>) = query.persistent(db.names_statements()).fetch_one(&mut *session).await?;
    session.end().await?;
    let deleted = unsigned(deleted, "a number of dead letters")?;
    Ok(last.map(|last| (deleted, last)))
}

/// Returns the lines of the query plan with which the letters of the subscription `name` are counted.
pub(super) async fn explain_counts(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    name: &str,
) -> Result<Vec<String>, Failure> {
    let sql = format!("EXPLAIN {}", statements::LETTERS.counts);
    let query =
        sqlx::query_scalar(db.sql(&sql)).bind(vec![name.to_owned()]).bind(clamped(LetterCounts::MOST as u64 + 1));
    Ok(query.persistent(db.names_statements()).fetch_all(conn).await?)
}
