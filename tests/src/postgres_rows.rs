//! The projection of [`rows`](crate::rows) into PostgreSQL tables: a row an event, without a key, and a running sum.

use eventsource::prelude::*;
use eventsource::sqlx::{self, AssertSqlSafe, PgConnection, PgPool};

use crate::domain::{Bumped, Cleared};
use crate::rows::Rows;

/// Bumps as rows, and their sum, in the tables of a schema.
#[derive(Debug, Clone)]
pub struct PgBumpRows {
    schema: String,
}

impl PgBumpRows {
    /// Into the tables of `schema`.
    pub fn new(schema: &str) -> Self {
        Self { schema: schema.to_owned() }
    }

    fn sql(&self, sql: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(sql.replace("{schema}", &self.schema))
    }

    /// Creates the tables, unless they exist.
    pub async fn create_tables(&self, pool: &PgPool) -> sqlx::Result<()> {
        let sql = "CREATE TABLE IF NOT EXISTS {schema}.bumps (n bigserial, position bigint, by bigint); \
                   CREATE TABLE IF NOT EXISTS {schema}.bump_sum (one int PRIMARY KEY, total bigint)";
        sqlx::raw_sql(self.sql(sql)).execute(pool).await.map(drop)
    }

    /// The rows, in the order in which they were written.
    pub async fn rows(&self, pool: &PgPool) -> sqlx::Result<Rows> {
        let sql = "SELECT position, by FROM {schema}.bumps ORDER BY n";
        // A simple query passes every pooler.
        let rows = sqlx::raw_sql(self.sql(sql)).fetch_all(pool).await?;
        rows.iter().map(sqlx::FromRow::from_row).collect()
    }

    /// The running sum.
    pub async fn sum(&self, pool: &PgPool) -> sqlx::Result<i64> {
        let sql = "SELECT coalesce(sum(total), 0)::bigint FROM {schema}.bump_sum";
        sqlx::Row::try_get(&sqlx::raw_sql(self.sql(sql)).fetch_one(pool).await?, 0)
    }
}

#[projection(name = "bump-rows")]
impl PgBumpRows {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, db: &mut PgConnection) -> sqlx::Result<()> {
        let (position, by) = (event.position().value() as i64, event.by as i64);
        let insert = "INSERT INTO {schema}.bumps (position, by) VALUES ($1, $2)";
        sqlx::query(self.sql(insert)).bind(position).bind(by).persistent(false).execute(&mut *db).await?;
        let sum =
            "INSERT INTO {schema}.bump_sum AS s VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET total = s.total + $1";
        sqlx::query(self.sql(sum)).bind(by).persistent(false).execute(db).await?;
        Ok(())
    }

    #[handles(Cleared)]
    async fn cleared(&self, _: &Cleared, db: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::raw_sql(self.sql("UPDATE {schema}.bump_sum SET total = 0")).execute(db).await.map(drop)
    }

    #[truncate]
    async fn truncate(&self, db: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::raw_sql(self.sql("TRUNCATE {schema}.bumps, {schema}.bump_sum")).execute(db).await.map(drop)
    }
}
