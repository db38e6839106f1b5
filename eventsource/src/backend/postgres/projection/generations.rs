//! The checkpoint of the next generation, in PostgreSQL.

use sqlx::PgConnection;

use super::{PostgresCheckpoints, PostgresUnit, statements};
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::sql::database::SqlDatabase as _;
use crate::backend::sql::projection::generations::{Claimed, begin, owned_elsewhere};
use crate::backend::sql::projection::{ClaimAnswer, SqlScope, rows};
use crate::backend::sql::store::{Action, Failure};
use crate::backend::sql::values::Value;
use crate::event::Position;
use crate::projection::{CheckpointError, Claim, Table};

impl PostgresCheckpoints {
    /// Opens a unit of work on the tables of a trial, which do not exist yet.
    pub(in crate::backend) async fn unit_of_trial(
        &self,
        tables: &[&'static Table],
    ) -> Result<PostgresUnit, CheckpointError> {
        let unit = PostgresUnit::begin(self.database(), SqlScope::of_trial(tables)).await;
        unit.map_err(|error| self.failed(Action::Begin, error.into()))
    }

    /// Opens a unit of work on the next generation of `tables`.
    pub(in crate::backend) async fn unit_of_next(
        &self,
        tables: &[&'static Table],
    ) -> Result<PostgresUnit, CheckpointError> {
        let unit = PostgresUnit::begin(self.database(), SqlScope::of_next(tables)).await;
        unit.map_err(|error| self.failed(Action::Begin, error.into()))
    }
}

/// Claims the checkpoint of the next generation.
pub(in crate::backend) async fn claim(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    claim: &Claim<'_>,
    target: Position,
) -> Result<Claimed, Failure> {
    // One process after another: if there is no row yet, there is none to wait for.
    db.execute(conn, statements::LOCK_NEXT, &[Value::Text(db.schema()), Value::Text(claim.name)]).await?;
    if let Some(why) = owned_elsewhere(db, conn, claim).await? {
        return Ok(Claimed::Not(why));
    }
    let before = rows::load(db, conn, claim.name).await?;
    match super::claim::claim(db, conn, claim).await? {
        ClaimAnswer::Claimed(claimed) => begin(db, conn, claim, target, before, *claimed).await,
        ClaimAnswer::Not(why) => Ok(Claimed::Not(why)),
    }
}
