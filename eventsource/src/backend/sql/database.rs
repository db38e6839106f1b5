//! Runs statements with bound values on the connections of a SQL database.

use std::fmt::Debug;
use std::future::Future;

use chrono::{DateTime, Utc};
use sqlx::{ColumnIndex, Decode, Row, Type};
use uuid::Uuid;

use super::store::Failure;
use super::values::Value;

/// A SQL database. In a statement, `{schema}` stands for the schema of the tables, and `$1` for the first value.
pub(in crate::backend) trait SqlDatabase: Clone + Debug + Send + Sync + 'static {
    type Connection: Send + 'static;
    type Row: SqlRow + Send;

    /// Runs `sql`. Returns the number of rows that it changed.
    fn execute(
        &self,
        conn: &mut Self::Connection,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<u64, Failure>> + Send;

    /// Returns the rows that `sql` finds.
    fn fetch(
        &self,
        conn: &mut Self::Connection,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Vec<Self::Row>, Failure>> + Send;

    /// Returns the time in `column` of `row`. `what` names it for an error.
    fn time_or_null(
        row: &Self::Row,
        column: usize,
        what: impl FnOnce() -> String,
    ) -> Result<Option<DateTime<Utc>>, Failure>;

    /// Returns the end of the lease in `column` of `row`. A lease that ends after the last time of this program ends at
    /// that time.
    fn lease_end(
        row: &Self::Row,
        column: usize,
        what: impl FnOnce() -> String,
    ) -> Result<Option<DateTime<Utc>>, Failure> {
        Self::time_or_null(row, column, what)
    }

    /// Returns the time in `column` of `row`, which is not null. `what` names it for an error.
    fn time(row: &Self::Row, column: usize, what: impl Fn() -> String) -> Result<DateTime<Utc>, Failure> {
        Self::time_or_null(row, column, &what)?.ok_or_else(|| Failure::Corrupt(format!("{} is missing", what())))
    }
}

/// A row that a statement returns. Columns are numbered from 0.
pub(in crate::backend) trait SqlRow {
    fn text(&self, column: usize) -> Result<String, Failure>;

    fn text_or_null(&self, column: usize) -> Result<Option<String>, Failure>;

    fn number(&self, column: usize) -> Result<i64, Failure>;

    fn number_or_null(&self, column: usize) -> Result<Option<i64>, Failure>;

    fn small(&self, column: usize) -> Result<i16, Failure>;

    fn id_or_null(&self, column: usize) -> Result<Option<Uuid>, Failure>;

    fn bytes(&self, column: usize) -> Result<Vec<u8>, Failure>;
}

/// A type that a column of the rows `R` can have.
trait Column<R: Row>: for<'r> Decode<'r, R::Database> + Type<R::Database> {}

impl<R: Row, T: for<'r> Decode<'r, R::Database> + Type<R::Database>> Column<R> for T {}

impl<R: Row> SqlRow for R
where
    usize: ColumnIndex<R>,
    String: Column<R>,
    i64: Column<R>,
    i16: Column<R>,
    Uuid: Column<R>,
    Vec<u8>: Column<R>,
{
    fn text(&self, column: usize) -> Result<String, Failure> {
        Ok(self.try_get(column)?)
    }

    fn text_or_null(&self, column: usize) -> Result<Option<String>, Failure> {
        Ok(self.try_get(column)?)
    }

    fn number(&self, column: usize) -> Result<i64, Failure> {
        Ok(self.try_get(column)?)
    }

    fn number_or_null(&self, column: usize) -> Result<Option<i64>, Failure> {
        Ok(self.try_get(column)?)
    }

    fn small(&self, column: usize) -> Result<i16, Failure> {
        Ok(self.try_get(column)?)
    }

    fn id_or_null(&self, column: usize) -> Result<Option<Uuid>, Failure> {
        Ok(self.try_get(column)?)
    }

    fn bytes(&self, column: usize) -> Result<Vec<u8>, Failure> {
        Ok(self.try_get(column)?)
    }
}
