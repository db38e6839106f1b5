//! The checkpoint of the next generation, and how it becomes the live one.

use sqlx::PgConnection;

use super::{PostgresCheckpoints, PostgresUnit, rows, statements};
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::sql::projection::SqlScope;
use crate::backend::sql::projection::generations::{Claimed, refused};
use crate::backend::sql::store::{Action, Failure, clamped};
use crate::event::{Position, now};
use crate::projection::generation::next_checkpoint;
use crate::projection::{CheckpointError, CheckpointReset, Claim, Switch, Switched, Table};

impl PostgresCheckpoints {
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
    run(db, conn, sqlx::query(db.sql(statements::LOCK_NEXT)).bind(db.schema()).bind(claim.name)).await?;
    let before = rows::load(db, conn, claim.name).await?;
    let checkpoint = match rows::claim(db, conn, claim).await? {
        Ok(checkpoint) => checkpoint,
        Err(why) => return Ok(Claimed::Not(why)),
    };
    if before.as_ref().is_some_and(|before| before.fingerprint == claim.fingerprint) {
        return Ok(Claimed::GoesOn(checkpoint));
    }
    let (start, target) = (clamped(claim.start.value()), clamped(target.value()));
    let log = claim.log.map(|log| *log.as_uuid());
    let begin = sqlx::query(db.sql(statements::BEGIN_NEXT)).bind(claim.name).bind(start).bind(target).bind(log);
    run(db, conn, begin).await?;
    run(db, conn, sqlx::query(db.sql(statements::CLEAR_LETTERS)).bind(claim.name)).await?;
    let checkpoint = rows::load(db, conn, claim.name).await?.unwrap_or(checkpoint);
    Ok(Claimed::Begins { checkpoint, replaces: before.is_some() })
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

async fn run(db: &PostgresDatabase, conn: &mut PgConnection, query: Query<'_>) -> Result<(), Failure> {
    query.persistent(db.names_statements()).execute(conn).await?;
    Ok(())
}

/// Returns why the next generation may not replace the live one; `None` if it may. It locks both checkpoints.
pub(in crate::backend) async fn may_switch(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    switch: &Switch,
) -> Result<Option<Switched>, Failure> {
    let next = next_checkpoint(&switch.name);
    run(db, conn, sqlx::query(db.sql(statements::LOCK_BOTH)).bind(&switch.name).bind(&next)).await?;
    let next = rows::load(db, conn, &next).await?;
    let live = rows::load(db, conn, &switch.name).await?;
    Ok(refused(switch, next.as_ref(), live))
}

/// Makes the checkpoint and the dead letters of the next generation the live ones.
pub(in crate::backend) async fn switch(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    name: &str,
) -> Result<(), Failure> {
    let next = next_checkpoint(name);
    run(db, conn, sqlx::query(db.sql(statements::SWITCH)).bind(name).bind(&next).bind(now())).await?;
    run(db, conn, sqlx::query(db.sql(statements::CLEAR_LETTERS)).bind(name)).await?;
    run(db, conn, sqlx::query(db.sql(statements::MOVE_LETTERS)).bind(name).bind(&next)).await?;
    run(db, conn, sqlx::query(db.sql(statements::CLEAR_SNAPSHOT)).bind(name)).await?;
    discard(db, conn, name).await
}

/// Removes the checkpoint of the next generation.
pub(in crate::backend) async fn discard(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    name: &str,
) -> Result<(), Failure> {
    rows::clear(db, conn, &CheckpointReset::new(next_checkpoint(name))).await.map(drop)
}
