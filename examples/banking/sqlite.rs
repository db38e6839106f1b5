//! The bank in a SQLite file.

use std::path::Path;

use eventsource::SubscriptionConfig;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteProjectionStates};

use crate::branch::{Branch, Result, Rows};
use crate::statements::Statements;
use crate::transfers::Transfers;

pub async fn open(file: &Path) -> Result<SqliteDatabase> {
    let db = SqliteDatabase::open(file).await?;
    let models = db.read_models();
    models.ensure_tables(&Statements).await?;
    models.ensure_tables(&Transfers).await?;
    Ok(db)
}

pub fn rows(db: &SqliteDatabase) -> Rows {
    let models = db.read_models();
    Rows { accounts: models.repository(), lines: models.repository(), transfers: models.repository() }
}

pub async fn start(db: &SqliteDatabase, config: SubscriptionConfig) -> Result<Branch<SqliteCheckpoints>> {
    let (store, checkpoints) = (db.event_store(), db.checkpoints());
    Branch::start(store, checkpoints, SqliteProjectionStates::new(db), rows(db), config).await
}
