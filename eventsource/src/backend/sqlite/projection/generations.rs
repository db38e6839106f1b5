//! The checkpoint of the next generation, and how it becomes the live one.

use sqlx::SqliteConnection;

use super::sightings::Sightings;
use super::{SqliteCheckpoints, SqliteUnit, rows, statements};
use crate::backend::sql::projection::SqlScope;
use crate::backend::sql::projection::generations::{Claimed, refused};
use crate::backend::sql::store::{Action, clamped};
use crate::backend::sqlite::store::Writing;
use crate::backend::sqlite::store::busy::Failure;
use crate::event::{Position, now};
use crate::projection::generation::next_checkpoint;
use crate::projection::{CheckpointError, CheckpointReset, Claim, Switch, Switched, Table};

impl SqliteCheckpoints {
    /// Opens a transaction that writes.
    pub(in crate::backend) async fn writing(&self, action: Action<'_>) -> Result<Writing, CheckpointError> {
        let writing = self.database().write(&self.database().patience(action)).await;
        writing.map_err(|error| CheckpointError::of(action, error))
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
    conn: &mut SqliteConnection,
    claim: &Claim<'_>,
    target: Position,
    sightings: &Sightings,
) -> Result<Claimed, Failure> {
    let before = rows::load(&mut *conn, claim.name).await?;
    let checkpoint = match rows::claim(conn, claim, sightings).await? {
        Ok(checkpoint) => checkpoint,
        Err(why) => return Ok(Claimed::Not(why)),
    };
    if before.as_ref().is_some_and(|before| before.fingerprint == claim.fingerprint) {
        return Ok(Claimed::GoesOn(checkpoint));
    }
    let (start, target) = (clamped(claim.start.value()), clamped(target.value()));
    let log = claim.log.map(|log| *log.as_uuid());
    let begin = sqlx::query(statements::BEGIN_NEXT).bind(claim.name).bind(start).bind(target).bind(log);
    begin.execute(&mut *conn).await?;
    sqlx::query(statements::CLEAR_LETTERS).bind(claim.name).execute(&mut *conn).await?;
    let checkpoint = rows::load(conn, claim.name).await?.unwrap_or(checkpoint);
    Ok(Claimed::Begins { checkpoint, replaces: before.is_some() })
}

/// Returns why the next generation may not replace the live one; `None` if it may.
pub(in crate::backend) async fn may_switch(
    conn: &mut SqliteConnection,
    switch: &Switch,
) -> Result<Option<Switched>, Failure> {
    let next = rows::load(&mut *conn, &next_checkpoint(&switch.name)).await?;
    let live = rows::load(conn, &switch.name).await?;
    Ok(refused(switch, next.as_ref(), live))
}

/// Makes the checkpoint and the dead letters of the next generation the live ones.
pub(in crate::backend) async fn switch(conn: &mut SqliteConnection, name: &str) -> Result<(), Failure> {
    let (next, time) = (next_checkpoint(name), now().timestamp_micros());
    sqlx::query(statements::SWITCH).bind(name).bind(&next).bind(time).execute(&mut *conn).await?;
    sqlx::query(statements::CLEAR_LETTERS).bind(name).execute(&mut *conn).await?;
    sqlx::query(statements::MOVE_LETTERS).bind(name).bind(&next).execute(&mut *conn).await?;
    sqlx::query(statements::CLEAR_SNAPSHOT).bind(name).execute(&mut *conn).await?;
    discard(conn, name).await
}

/// Removes the checkpoint of the next generation.
pub(in crate::backend) async fn discard(conn: &mut SqliteConnection, name: &str) -> Result<(), Failure> {
    rows::clear(conn, &CheckpointReset::new(next_checkpoint(name))).await.map(drop)
}
