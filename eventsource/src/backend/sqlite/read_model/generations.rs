//! Next generations of tables in a SQLite file.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::failure::{refusal, refusal_of};
use super::{replace, schema, statements};
use crate::backend::sql::projection::NotLent;
use crate::backend::sql::projection::generations::{self, Claimed};
use crate::backend::sql::read_model::TableRef;
use crate::backend::sql::store::Action;
use crate::backend::sqlite::projection::generations::claim as claim_checkpoint;
use crate::backend::sqlite::projection::{SqliteCheckpoints, SqliteUnit};
use crate::backend::sqlite::store::Writing;
use crate::event::Position;
use crate::projection::{Checkpoint, CheckpointError, Claim, ClaimError, Generations, Switch, Switched, Table};
use crate::read_model::ReadModelError;

#[async_trait]
impl Generations<SqliteUnit> for SqliteCheckpoints {
    async fn check(&self, tables: &[&'static Table]) -> Result<(), CheckpointError> {
        let mut conn = self.read_connection(Action::Replace).await?;
        for table in tables {
            replace::check(&mut conn, TableRef::live(table)).await.map_err(|error| refusal(Action::Replace, error))?;
        }
        Ok(())
    }

    async fn claim_next(
        &self,
        claim: &Claim<'_>,
        target: Position,
        tables: &[&'static Table],
    ) -> Result<Checkpoint, ClaimError> {
        let action = Action::Claim(claim.name);
        let mut writing = self.writing(action).await?;
        let claimed = claim_checkpoint(self.database(), &mut writing.tx, claim, target, self.sightings()).await;
        let checkpoint = match claimed.map_err(|failure| refusal_of(action, failure))? {
            Claimed::GoesOn(checkpoint) => checkpoint,
            Claimed::Begins { checkpoint, replaces } => {
                let made = make(&mut writing.tx, tables, replaces).await;
                // The pragma is not part of the transaction: it would stay with the connection.
                let restored = sqlx::query(statements::RENAME_AS_BEFORE).execute(&mut *writing.tx).await;
                made.map_err(|error| refusal(action, error))?;
                restored.map_err(|error| refusal_of(action, error.into()))?;
                checkpoint
            }
            Claimed::Not(why) => return Err(why.of(claim.name)),
        };
        commit(writing, action).await?;
        Ok(checkpoint)
    }

    async fn begin_next(&self, tables: &[&'static Table]) -> Result<SqliteUnit, CheckpointError> {
        self.unit_of_next(tables).await
    }

    async fn switch(&self, switch: &Switch) -> Result<Switched, CheckpointError> {
        let action = Action::Switch(&switch.name);
        let mut writing = self.writing(action).await?;
        let may = generations::may_switch(self.database(), &mut writing.tx, switch).await;
        if let Some(not) = may.map_err(|failure| refusal_of(action, failure))? {
            return Ok(not);
        }
        let replaced = replace_all(&mut writing.tx, &switch.tables).await;
        // The pragma is not part of the transaction: it would stay with the connection.
        let restored = sqlx::query(statements::RENAME_AS_BEFORE).execute(&mut *writing.tx).await;
        let left = replaced.map_err(|error| refusal(action, error))?;
        restored.map_err(|error| refusal_of(action, error.into()))?;
        let switched = generations::switch(self.database(), &mut writing.tx, &switch.name).await;
        switched.map_err(|failure| refusal_of(action, failure))?;
        commit(writing, action).await?;
        Ok(Switched::Yes { left })
    }

    async fn reshape(&self, unit: &mut SqliteUnit, tables: &[&'static Table]) -> Result<Vec<String>, CheckpointError> {
        let action = Action::Replace;
        let lent = unit.unit().connection().and_then(|connection| connection.lend());
        let not_lent =
            |error: NotLent| CheckpointError::Refused { action: action.to_string(), reason: error.to_string().into() };
        let mut conn = lent.map_err(not_lent)?;
        let mut left = Vec::new();
        for table in tables {
            left.extend(
                replace::reshape(&mut conn, TableRef::live(table)).await.map_err(|error| refusal(action, error))?,
            );
        }
        Ok(left)
    }

    async fn discard(&self, name: &str, tables: &[&'static Table]) -> Result<(), CheckpointError> {
        let action = Action::Discard(name);
        let mut writing = self.writing(action).await?;
        for table in tables {
            let dropped = replace::drop_table(&mut writing.tx, TableRef::next(table)).await;
            dropped.map_err(|error| refusal(action, error))?;
        }
        let discarded = generations::discard(self.database(), &mut writing.tx, name).await;
        discarded.map_err(|failure| refusal_of(action, failure))?;
        commit(writing, action).await
    }
}

async fn commit(writing: Writing, action: Action<'_>) -> Result<(), CheckpointError> {
    writing.tx.commit().await.map_err(|error| refusal_of(action, error.into()))
}

/// Creates the tables of a next generation. An existing one belongs to another program, unless it is being replaced.
async fn make(conn: &mut SqliteConnection, tables: &[&'static Table], replaces: bool) -> Result<(), ReadModelError> {
    for table in tables {
        if replaces {
            replace::drop_table(conn, TableRef::next(table)).await?;
        }
        schema::create_new(conn, TableRef::next(table)).await?;
        replace::check_views(conn, TableRef::live(table)).await?;
    }
    Ok(())
}

/// Replaces `tables` by those of the next generation.
async fn replace_all(conn: &mut SqliteConnection, tables: &[&'static Table]) -> Result<Vec<String>, ReadModelError> {
    let mut left = Vec::new();
    for table in tables {
        left.extend(replace::replace(conn, TableRef::live(table)).await?);
    }
    Ok(left)
}
