//! Statements with bound values on a SQLite connection.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _, SqlSafeStr as _, Sqlite, SqliteConnection};

use super::store::SqliteDatabase;
use super::store::busy::Failure;
use crate::backend::sql::database::SqlDatabase;
use crate::backend::sql::values::{Value, bind_values, lease_micros};
use crate::event::{StreamId, now};

impl SqlDatabase for SqliteDatabase {
    type Connection = SqliteConnection;
    type Row = SqliteRow;

    async fn execute(
        &self,
        conn: &mut SqliteConnection,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<u64, Failure> {
        Ok(bound(sql, values).execute(conn).await?.rows_affected())
    }

    async fn fetch(
        &self,
        conn: &mut SqliteConnection,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<SqliteRow>, Failure> {
        Ok(bound(sql, values).fetch_all(conn).await?)
    }

    fn time_or_null(
        row: &SqliteRow,
        column: usize,
        what: impl FnOnce() -> String,
    ) -> Result<Option<DateTime<Utc>>, Failure> {
        row.try_get::<Option<i64>, _>(column)?.map(|micros| time(micros, what)).transpose()
    }

    fn lease_end(row: &SqliteRow, column: usize, _: impl FnOnce() -> String) -> Result<Option<DateTime<Utc>>, Failure> {
        Ok(row.try_get::<Option<i64>, _>(column)?.map(leased_until))
    }
}

/// Returns the end of a lease, `micros` microseconds after 1970. A lease of [`Duration::MAX`](std::time::Duration::MAX)
/// ends after the last time of this program.
pub(super) fn leased_until(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Returns the time that is `micros` microseconds after 1970. `what` names it for an error.
pub(super) fn time(micros: i64, what: impl FnOnce() -> String) -> Result<DateTime<Utc>, Failure> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| Failure::Corrupt(format!("{} is {micros}", what())))
}

/// Binds the values. A SQLite file has no schemas.
fn bound<'q>(sql: &'static str, values: &'q [Value<'_>]) -> Query<'q, Sqlite, SqliteArguments> {
    let mut query = if sql.contains("{schema}.") {
        sqlx::query(AssertSqlSafe(sql.replace("{schema}.", "")).into_sql_str())
    } else {
        sqlx::query(sql.into_sql_str())
    };
    bind_values!(query, values, {
        Value::Time(time) => query.bind(time.timestamp_micros()),
        Value::TimeOrNull(time) => query.bind(time.map(|time| time.timestamp_micros())),
        Value::Lease(time) => query.bind(lease_end(time)),
        Value::Texts(texts) => query.bind(serde_json::Value::from(texts).to_string()),
        Value::Streams(streams) => query.bind(json(streams)),
    });
    query
}

/// Returns the end of a lease that lasts `time` from now, in microseconds since 1970; `None` if the lease is released.
fn lease_end(time: Option<Duration>) -> Option<i64> {
    lease_micros(time).map(|micros| now().timestamp_micros().saturating_add(micros))
}

/// Returns the streams as a JSON array of types and ids, the ids in hexadecimal.
fn json(streams: &[&StreamId]) -> String {
    let pair = |stream: &&StreamId| {
        serde_json::Value::from(vec![stream.aggregate_type().to_owned(), stream.aggregate_id().simple().to_string()])
    };
    streams.iter().map(pair).collect::<serde_json::Value>().to_string()
}
