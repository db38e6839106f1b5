//! A schema with the tables of a projection, and queries on it.

use std::time::Duration;

use eventsource::postgres::{PostgresCheckpoints, PostgresDatabase, PostgresEventStore, PostgresOptions};
use eventsource::prelude::*;
use eventsource::sqlx::{self, AssertSqlSafe, PgConnection};
use eventsource::subscription::{FailurePolicy, RetryPolicy};
use eventsource_tests::postgres::{Schema, Server};
use eventsource_tests::postgres_rows::PgBumpRows;

pub(crate) struct World {
    pub(crate) schema: Schema,
    pub(crate) db: PostgresDatabase,
    pub(crate) store: PostgresEventStore,
    pub(crate) checkpoints: PostgresCheckpoints,
    pub(crate) rows: PgBumpRows,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|options| options).await
    }

    pub(crate) async fn with(options: impl FnOnce(PostgresOptions) -> PostgresOptions) -> Self {
        Self::on(Schema::migrated().await, options).await
    }

    /// Where the role may do anything: see [`Schema::of_a_superuser`].
    pub(crate) async fn of_a_superuser() -> (Self, Option<Server>) {
        let (schema, server) = Schema::of_a_superuser().await;
        (Self::on(schema, |options| options).await, server)
    }

    pub(crate) async fn on(schema: Schema, options: impl FnOnce(PostgresOptions) -> PostgresOptions) -> Self {
        let db = PostgresDatabase::open_with(options(schema.options())).await.unwrap();
        let rows = PgBumpRows::new(schema.name());
        rows.create_tables(db.pool()).await.unwrap();
        let (store, checkpoints) = (PostgresEventStore::new(&db), PostgresCheckpoints::new(&db));
        Self { schema, db, store, checkpoints, rows }
    }

    pub(crate) fn manager(&self) -> SubscriptionManager<PostgresCheckpoints> {
        SubscriptionManager::new(self.store.clone(), MemoryEventBus::new(), self.checkpoints.clone())
    }

    pub(crate) async fn numbers(&self) -> Vec<i64> {
        self.rows.rows(self.db.pool()).await.unwrap().into_iter().map(|(_, by)| by).collect()
    }

    pub(crate) async fn checkpoint(&self, name: &str) -> Option<Position> {
        self.checkpoints.load(name).await.unwrap().map(|checkpoint| checkpoint.position)
    }

    /// `sql`, with the schema where `{schema}` stands.
    pub(crate) fn sql(&self, sql: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(sql.replace("{schema}", self.schema.name()))
    }

    pub(crate) async fn run(&self, conn: &mut PgConnection, sql: &str) -> sqlx::Result<u64> {
        sqlx::raw_sql(self.sql(sql)).execute(conn).await.map(|done| done.rows_affected())
    }

    /// That the rows and the sum are what a fold of the log gives.
    pub(crate) async fn assert_rows_equal_the_log(&self) {
        let rows = self.rows.rows(self.db.pool()).await.unwrap();
        let fold = eventsource_tests::rows::BumpRows::fold(&self.store).await;
        assert!(rows == fold, "{} rows, {} events", rows.len(), fold.len());
        assert_eq!(self.rows.sum(self.db.pool()).await.unwrap(), fold.iter().map(|(_, by)| by).sum::<i64>());
    }
}

pub(crate) fn quick(attempts: u32) -> SubscriptionConfig {
    let policy = RetryPolicy::new(attempts, Duration::from_millis(1), Duration::from_millis(4));
    SubscriptionConfig::default().retry(policy).on_failure(FailurePolicy::Stop)
}
