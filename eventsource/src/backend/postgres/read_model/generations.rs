//! Next generations of tables in PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{PgConnection, Postgres, Transaction};

use super::failure::{refusal, refusal_of};
use super::{replace, schema};
use crate::backend::postgres::projection::generations::claim as claim_checkpoint;
use crate::backend::postgres::projection::{PostgresCheckpoints, PostgresUnit};
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::sql::projection::NotLent;
use crate::backend::sql::projection::generations::{self, Claimed};
use crate::backend::sql::read_model::TableRef;
use crate::backend::sql::store::Action;
use crate::event::Position;
use crate::projection::{Checkpoint, CheckpointError, Claim, ClaimError, Generations, Switch, Switched, Table};
use crate::read_model::ReadModelError;

/// The maximum length of a name, in bytes. PostgreSQL truncates longer names.
const LONGEST_NAME: usize = 63;

#[async_trait]
impl Generations<PostgresUnit> for PostgresCheckpoints {
    async fn check(&self, tables: &[&'static Table]) -> Result<(), CheckpointError> {
        let (db, action) = (self.database(), Action::Replace);
        for table in tables {
            check_names(TableRef::next(table))
                .map_err(|reason| CheckpointError::Refused { action: action.to_string(), reason })?;
        }
        let mut tx = begin(db, action).await?;
        for table in tables {
            replace::check(db, &mut tx, TableRef::live(table)).await.map_err(|error| refusal(action, error))?;
        }
        commit(tx, action).await
    }

    async fn claim_next(
        &self,
        claim: &Claim<'_>,
        target: Position,
        tables: &[&'static Table],
    ) -> Result<Checkpoint, ClaimError> {
        let (db, action) = (self.database(), Action::Claim(claim.name));
        let mut tx = begin(db, action).await?;
        let claimed = claim_checkpoint(db, &mut tx, claim, target).await;
        let checkpoint = match claimed.map_err(|failure| refusal_of(action, failure))? {
            Claimed::GoesOn(checkpoint) => checkpoint,
            Claimed::Begins { checkpoint, replaces } => {
                for table in tables {
                    let made = make(db, &mut tx, TableRef::next(table), replaces).await;
                    made.map_err(|error| refusal(action, error))?;
                }
                checkpoint
            }
            Claimed::Not(why) => return Err(why.of(claim.name)),
        };
        commit(tx, action).await?;
        Ok(checkpoint)
    }

    async fn begin_next(&self, tables: &[&'static Table]) -> Result<PostgresUnit, CheckpointError> {
        self.unit_of_next(tables).await
    }

    async fn switch(&self, switch: &Switch) -> Result<Switched, CheckpointError> {
        let (db, action) = (self.database(), Action::Switch(&switch.name));
        let refused = |error| refusal(action, error);
        let mut tx = begin(db, action).await?;
        // In the order in which batches lock: the tables by name, then the checkpoint.
        let mut tables: Vec<_> = switch.tables.iter().map(|table| TableRef::live(table)).collect();
        tables.sort_unstable_by_key(|table| table.key());
        let (mut left, mut made) = (Vec::new(), Vec::new());
        // The longest step, done while no other process must wait.
        for &table in &tables {
            made.push(replace::make_indexes(db, &mut tx, table, &mut left).await.map_err(refused)?);
        }
        for &table in &tables {
            replace::lock(db, &mut tx, table).await.map_err(refused)?;
        }
        let may = generations::may_switch(db, &mut tx, switch).await;
        if let Some(not) = may.map_err(|failure| refusal_of(action, failure))? {
            return Ok(not);
        }
        for (&table, made) in tables.iter().zip(&made) {
            replace::replace(db, &mut tx, table, made, &mut left).await.map_err(refused)?;
        }
        let switched = generations::switch(db, &mut tx, &switch.name).await;
        switched.map_err(|failure| refusal_of(action, failure))?;
        commit(tx, action).await?;
        Ok(Switched::Yes { left })
    }

    async fn reshape(
        &self,
        unit: &mut PostgresUnit,
        tables: &[&'static Table],
    ) -> Result<Vec<String>, CheckpointError> {
        let action = Action::Replace;
        let lent = unit.unit().connection().and_then(|connection| connection.lend());
        let not_lent =
            |error: NotLent| CheckpointError::Refused { action: action.to_string(), reason: error.to_string().into() };
        let mut conn = lent.map_err(not_lent)?;
        let mut left = Vec::new();
        for table in tables {
            let reshaped = replace::reshape(self.database(), &mut conn, TableRef::live(table)).await;
            left.extend(reshaped.map_err(|error| refusal(action, error))?);
        }
        Ok(left)
    }

    async fn discard(&self, name: &str, tables: &[&'static Table]) -> Result<(), CheckpointError> {
        let (db, action) = (self.database(), Action::Discard(name));
        let mut tx = begin(db, action).await?;
        for table in tables {
            let dropped = replace::drop_table(db, &mut tx, TableRef::next(table)).await;
            dropped.map_err(|error| refusal(action, error))?;
        }
        let discarded = generations::discard(db, &mut tx, name).await;
        discarded.map_err(|failure| refusal_of(action, failure))?;
        commit(tx, action).await
    }
}

async fn begin(db: &PostgresDatabase, action: Action<'_>) -> Result<Transaction<'static, Postgres>, CheckpointError> {
    db.begin().await.map_err(|error| CheckpointError::failed(action, error.into()))
}

async fn commit(tx: Transaction<'static, Postgres>, action: Action<'_>) -> Result<(), CheckpointError> {
    tx.commit().await.map_err(|error| refusal_of(action, error.into()))
}

/// Refuses names of a table and its indexes that PostgreSQL would truncate.
pub(super) fn check_names(table: TableRef) -> Result<(), Arc<str>> {
    let indexes = table.indexed().map(|column| table.index_name(column.name));
    let mut names = indexes.chain([table.name().into_owned()]);
    names.find(|name| name.len() > LONGEST_NAME).map_or(Ok(()), |long| {
        let reason = format!(
            "`{long}`, the name of a table or an index, is longer than a name in PostgreSQL: shorten the name of the table or the \
             column, or rebuild it in place"
        );
        Err(reason.into())
    })
}

/// Creates a table of a next generation. An existing one belongs to another program, unless it is being replaced.
async fn make(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    table: TableRef,
    replaces: bool,
) -> Result<(), ReadModelError> {
    if replaces {
        replace::drop_table(db, conn, table).await?;
    }
    schema::create_new(conn, db, table).await
}
