//! The bank in a schema of PostgreSQL's.

use eventsource::SubscriptionConfig;
use eventsource::postgres::{PostgresCheckpoints, PostgresDatabase, PostgresOptions, PostgresProjectionStates};
use eventsource::sqlx::{self, AssertSqlSafe};

use crate::branch::{Branch, Result, Rows};
use crate::statements::Statements;
use crate::transfers::Transfers;

pub async fn open(url: &str, schema: &str) -> Result<PostgresDatabase> {
    let db = PostgresDatabase::open_with(PostgresOptions::new(url)?.schema(schema)).await?;
    let models = db.read_models();
    models.ensure_tables(&Statements).await?;
    models.ensure_tables(&Transfers).await?;
    Ok(db)
}

pub fn rows(db: &PostgresDatabase) -> Rows {
    let models = db.read_models();
    Rows { accounts: models.repository(), lines: models.repository(), transfers: models.repository() }
}

pub async fn start(db: &PostgresDatabase, config: SubscriptionConfig) -> Result<Branch<PostgresCheckpoints>> {
    let (store, checkpoints) = (db.event_store(), db.checkpoints());
    Branch::start(store, checkpoints, PostgresProjectionStates::new(db), rows(db), config).await
}

/// Drops the schema with all that is in it, and closes the connections.
pub async fn remove(db: &PostgresDatabase, schema: &str) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(format!("DROP SCHEMA \"{schema}\" CASCADE"))).execute(db.pool()).await?;
    db.close().await;
    Ok(())
}
