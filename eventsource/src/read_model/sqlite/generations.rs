//! Next generations of the tables in a SQLite file.

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, SqliteConnection};

use super::failure::failed;
use super::{schema, statements};
use crate::event::Position;
use crate::projection::sqlite::{Claimed, SqliteCheckpoints, SqliteUnit, generations};
use crate::projection::{Checkpoint, CheckpointError, Claim, ClaimError, Generations, Switch, Switched, Table};
use crate::read_model::ReadModelError;
use crate::store::sql::Action;
use crate::store::sqlite::Writing;

#[async_trait]
impl Generations<SqliteUnit> for SqliteCheckpoints {
    fn check(&self, _: &[&'static Table]) -> Result<(), String> {
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
        let claimed = generations::claim(&mut writing.tx, claim, target, self.sightings()).await;
        let checkpoint = match claimed.map_err(|failure| CheckpointError::failed(action, failure))? {
            Claimed::GoesOn(checkpoint) => checkpoint,
            Claimed::Begins { checkpoint, replaces } => {
                for table in tables {
                    let made = make(&mut writing.tx, table.next(), replaces).await;
                    made.map_err(|error| refused(action, error))?;
                }
                checkpoint
            }
            Claimed::Held { owner, until } => {
                return Err(ClaimError::Held { name: claim.name.to_owned(), owner, until });
            }
        };
        commit(writing, action).await?;
        Ok(checkpoint)
    }

    async fn begin_next(&self, tables: &[&'static Table]) -> Result<SqliteUnit, CheckpointError> {
        self.unit_of_next(tables).await
    }

    async fn switch(&self, switch: &Switch) -> Result<Switched, CheckpointError> {
        let action = Action::Switch(&switch.name);
        let failed = |failure| CheckpointError::failed(action, failure);
        let mut writing = self.writing(action).await?;
        let may = generations::may_switch(&mut writing.tx, switch).await.map_err(failed)?;
        if may != Switched::Yes {
            return Ok(may);
        }
        let replaced = replace(&mut writing.tx, &switch.tables).await;
        // Not a part of the transaction: it would stay with the connection.
        let restored = sqlx::query(statements::RENAME_AS_BEFORE).execute(&mut *writing.tx).await;
        replaced.map_err(|error| refused(action, error))?;
        restored.map_err(|error| failed(error.into()))?;
        generations::switch(&mut writing.tx, &switch.name).await.map_err(failed)?;
        commit(writing, action).await?;
        Ok(Switched::Yes)
    }

    async fn discard(&self, name: &str, tables: &[&'static Table]) -> Result<(), CheckpointError> {
        let action = Action::Discard(name);
        let mut writing = self.writing(action).await?;
        for table in tables {
            drop_table(&mut writing.tx, table.next()).await.map_err(|error| refused(action, error))?;
        }
        let discarded = generations::discard(&mut writing.tx, name).await;
        discarded.map_err(|failure| CheckpointError::failed(action, failure))?;
        commit(writing, action).await
    }
}

async fn commit(writing: Writing, action: Action<'_>) -> Result<(), CheckpointError> {
    writing.tx.commit().await.map_err(|error| CheckpointError::failed(action, error.into()))
}

fn refused(action: Action<'_>, error: ReadModelError) -> CheckpointError {
    CheckpointError::Failed { action: action.to_string(), source: Box::new(error) }
}

/// Makes a table of a next generation. One that is there already is somebody else's, unless it is replaced.
async fn make(conn: &mut SqliteConnection, table: &'static Table, replaces: bool) -> Result<(), ReadModelError> {
    if replaces {
        drop_table(conn, table).await?;
    }
    schema::create_new(conn, table).await
}

async fn drop_table(conn: &mut SqliteConnection, table: &'static Table) -> Result<(), ReadModelError> {
    let done = sqlx::raw_sql(AssertSqlSafe(statements::drop_table(table))).execute(conn).await;
    done.map(drop).map_err(|error| failed(table, "drop", error))
}

/// Puts the tables of the next generation in the place of `tables`. SQLite renames no index: they are made anew.
async fn replace(conn: &mut SqliteConnection, tables: &[&'static Table]) -> Result<(), ReadModelError> {
    for &table in tables {
        drop_table(conn, table).await?;
        let sql = statements::take_place(table.next(), table) + &schema::indexes_sql(table);
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *conn).await;
        done.map_err(|error| failed(table, "replace", error))?;
    }
    Ok(())
}
