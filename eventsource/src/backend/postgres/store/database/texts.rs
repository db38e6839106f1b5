//! The statements of a database, with the schema of its tables.

use std::sync::Arc;

use sqlx::AssertSqlSafe;

use super::PostgresDatabase;
use crate::backend::postgres::store::statements;

impl PostgresDatabase {
    /// Replaces `{schema}` in `sql`.
    pub(crate) fn sql(&self, sql: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(self.0.schema.sql(sql))
    }

    pub(in crate::backend::postgres::store) fn append_sql(&self) -> AssertSqlSafe<Arc<str>> {
        AssertSqlSafe(Arc::clone(&self.0.append))
    }

    pub(in crate::backend::postgres::store) fn append_one_sql(&self) -> AssertSqlSafe<Arc<str>> {
        AssertSqlSafe(Arc::clone(&self.0.append_one))
    }

    pub(in crate::backend::postgres::store) fn append_to_one_sql(&self) -> AssertSqlSafe<Arc<str>> {
        AssertSqlSafe(Arc::clone(&self.0.append_to_one))
    }

    /// Returns the statement that appends exactly `events` events; `None` if they are too many for it.
    pub(in crate::backend::postgres::store) fn append_few_sql(&self, events: usize) -> Option<AssertSqlSafe<Arc<str>>> {
        let sql = self.0.append_few.get(events.checked_sub(1)?)?;
        Some(AssertSqlSafe(Arc::clone(sql.get_or_init(|| self.0.schema.sql(&statements::append_few(events)).into()))))
    }

    /// The statements that begin a transaction of this crate.
    pub(crate) fn begin_sql(&self) -> &str {
        &self.0.begin
    }

    /// The statement that makes the server end the transaction of a frozen process. [`begin_sql`](Self::begin_sql)
    /// contains it.
    pub(crate) fn limit_idle_sql(&self) -> &str {
        &self.0.limit_idle
    }

    /// The statements that begin an append in a transaction of the caller.
    pub(in crate::backend::postgres::store) fn savepoint_sql(&self) -> &str {
        &self.0.savepoint
    }

    /// Returns whether prepared statements can have names. With a pooler they cannot.
    pub(crate) fn names_statements(&self) -> bool {
        !self.0.pooler
    }
}
