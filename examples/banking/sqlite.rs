//! The bank in a SQLite file.

use std::path::Path;

use eventsource::SubscriptionConfig;
use eventsource::sqlite::{
    SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteProjectionStates, SqliteReadModels,
};

use crate::branch::{Branch, Result, Rows};
use crate::statements::Statements;
use crate::transfers::Transfers;

pub async fn open(file: &Path) -> Result<SqliteDatabase> {
    let db = SqliteDatabase::open(file).await?;
    let models = SqliteReadModels::new(&db);
    models.ensure_tables(&Statements).await?;
    models.ensure_tables(&Transfers).await?;
    Ok(db)
}

pub fn rows(db: &SqliteDatabase) -> Rows {
    let models = SqliteReadModels::new(db);
    Rows { accounts: models.repository(), lines: models.repository(), transfers: models.repository() }
}

pub async fn start(db: &SqliteDatabase, config: SubscriptionConfig) -> Result<Branch<SqliteCheckpoints>> {
    let (store, checkpoints) = (SqliteEventStore::new(db), SqliteCheckpoints::new(db));
    Branch::start(store, checkpoints, SqliteProjectionStates::new(db), rows(db), config).await
}
