//! The checkpoint of the next generation, in a SQLite file.

use sqlx::SqliteConnection;

use super::sightings::Sightings;
use super::{SqliteCheckpoints, SqliteUnit};
use crate::backend::sql::projection::generations::{Claimed, begin, owned_elsewhere};
use crate::backend::sql::projection::{ClaimAnswer, SqlScope, rows};
use crate::backend::sql::store::Action;
use crate::backend::sqlite::store::busy::Failure;
use crate::backend::sqlite::store::{SqliteDatabase, Writing};
use crate::event::Position;
use crate::projection::{CheckpointError, Claim, Table};

impl SqliteCheckpoints {
    /// Opens a transaction that writes.
    pub(in crate::backend) async fn writing(&self, action: Action<'_>) -> Result<Writing, CheckpointError> {
        let writing = self.database().write(&self.database().patience(action)).await;
        writing.map_err(|error| CheckpointError::of(action, error))
    }

    /// Opens a unit of work on the tables of a trial, which do not exist yet.
    pub(in crate::backend) async fn unit_of_trial(
        &self,
        tables: &[&'static Table],
    ) -> Result<SqliteUnit, CheckpointError> {
        let unit = SqliteUnit::begin(self.database(), SqlScope::of_trial(tables)).await;
        unit.map_err(|error| CheckpointError::of(Action::Begin, error))
    }

    /// Opens a unit of work on the next generation of `tables`.
    pub(in crate::backend) async fn unit_of_next(
        &self,
        tables: &[&'static Table],
    ) -> Result<SqliteUnit, CheckpointError> {
        let unit = SqliteUnit::begin(self.database(), SqlScope::of_next(tables)).await;
        unit.map_err(|error| CheckpointError::of(Action::Begin, error))
    }
}

/// Claims the checkpoint of the next generation.
pub(in crate::backend) async fn claim(
    db: &SqliteDatabase,
    conn: &mut SqliteConnection,
    claim: &Claim<'_>,
    target: Position,
    sightings: &Sightings,
) -> Result<Claimed, Failure> {
    if let Some(why) = owned_elsewhere(db, conn, claim).await? {
        return Ok(Claimed::Not(why));
    }
    let before = rows::load(db, conn, claim.name).await?;
    match super::claim::claim(db, conn, claim, sightings).await? {
        ClaimAnswer::Claimed(claimed) => begin(db, conn, claim, target, before, *claimed).await,
        ClaimAnswer::Not(why) => Ok(Claimed::Not(why)),
    }
}
