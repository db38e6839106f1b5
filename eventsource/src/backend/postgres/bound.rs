//! Statements with bound values on a connection to PostgreSQL.

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres, Row as _};
use uuid::Uuid;

use super::store::PostgresDatabase;
use crate::backend::sql::database::SqlDatabase;
use crate::backend::sql::store::Failure;
use crate::backend::sql::values::{Value, bind_values, lease_micros};

impl SqlDatabase for PostgresDatabase {
    type Connection = PgConnection;
    type Row = PgRow;

    async fn execute(&self, conn: &mut PgConnection, sql: &'static str, values: &[Value<'_>]) -> Result<u64, Failure> {
        Ok(bound(self, sql, values).execute(conn).await?.rows_affected())
    }

    async fn fetch(
        &self,
        conn: &mut PgConnection,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> Result<Vec<PgRow>, Failure> {
        Ok(bound(self, sql, values).fetch_all(conn).await?)
    }

    fn time_or_null(row: &PgRow, column: usize, _: impl FnOnce() -> String) -> Result<Option<DateTime<Utc>>, Failure> {
        Ok(row.try_get(column)?)
    }
}

/// Binds the values, and inserts the name of the schema.
fn bound<'q>(db: &PostgresDatabase, sql: &str, values: &'q [Value<'_>]) -> Query<'q, Postgres, PgArguments> {
    let mut query = sqlx::query(db.sql(sql)).persistent(db.names_statements());
    bind_values!(query, values, {
        Value::Time(time) => query.bind(time),
        Value::TimeOrNull(time) => query.bind(time),
        Value::Lease(time) => query.bind(lease_micros(time)),
        Value::Texts(texts) => query.bind(texts),
        Value::Streams(streams) => {
            let kinds: Vec<_> = streams.iter().map(|stream| stream.aggregate_type()).collect();
            let ids: Vec<Uuid> = streams.iter().map(|stream| stream.aggregate_id()).collect();
            query.bind(kinds).bind(ids)
        },
    });
    query
}
