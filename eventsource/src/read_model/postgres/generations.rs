//! Next generations of the tables in PostgreSQL.

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};

use super::failure::failed;
use super::{schema, statements};
use crate::event::Position;
use crate::projection::postgres::{Claimed, PostgresCheckpoints, PostgresUnit, generations};
use crate::projection::{Checkpoint, CheckpointError, Claim, ClaimError, Generations, Switch, Switched, Table};
use crate::read_model::ReadModelError;
use crate::store::postgres::PostgresDatabase;
use crate::store::sql::Action;

/// How long a name is at most, in bytes. PostgreSQL cuts longer ones off.
const LONGEST_NAME: usize = 63;

#[async_trait]
impl Generations<PostgresUnit> for PostgresCheckpoints {
    fn check(&self, tables: &[&'static Table]) -> Result<(), String> {
        for table in tables.iter().map(|table| table.next()) {
            let indexes = table.columns.iter().filter(|column| column.indexed);
            let mut names = indexes.map(|column| table.index_name(column.name)).chain([table.name.to_owned()]);
            if let Some(long) = names.find(|name| name.len() > LONGEST_NAME) {
                return Err(format!(
                    "`{long}`, of its next generation, is longer than a name in PostgreSQL: shorten the name of the table \
                     or the column, or rebuild it in place"
                ));
            }
        }
        Ok(())
    }

    async fn claim_next(
        &self,
        claim: &Claim<'_>,
        target: Position,
        tables: &[&'static Table],
    ) -> Result<Checkpoint, ClaimError> {
        let (db, action) = (self.database(), Action::Claim(claim.name));
        let mut tx = begin(db, action).await?;
        let claimed = generations::claim(db, &mut tx, claim, target).await;
        let checkpoint = match claimed.map_err(|failure| CheckpointError::failed(action, failure))? {
            Claimed::GoesOn(checkpoint) => checkpoint,
            Claimed::Begins { checkpoint, replaces } => {
                for table in tables {
                    let made = make(db, &mut tx, table.next(), replaces).await;
                    made.map_err(|error| refused(action, error))?;
                }
                checkpoint
            }
            Claimed::Held { owner, until } => {
                return Err(ClaimError::Held { name: claim.name.to_owned(), owner, until });
            }
        };
        commit(tx, action).await?;
        Ok(checkpoint)
    }

    async fn begin_next(&self, tables: &[&'static Table]) -> Result<PostgresUnit, CheckpointError> {
        self.unit_of_next(tables).await
    }

    async fn switch(&self, switch: &Switch) -> Result<Switched, CheckpointError> {
        let (db, action) = (self.database(), Action::Switch(&switch.name));
        let failed = |failure| CheckpointError::failed(action, failure);
        let mut tx = begin(db, action).await?;
        // In the order in which batches take theirs: the tables, by their names, and then the checkpoint.
        let mut tables = switch.tables.clone();
        tables.sort_unstable_by_key(|table| table.name);
        lock(db, &mut tx, &tables).await.map_err(|error| refused(action, error))?;
        let may = generations::may_switch(db, &mut tx, switch).await.map_err(failed)?;
        if may != Switched::Yes {
            return Ok(may);
        }
        for table in tables {
            replace(db, &mut tx, table).await.map_err(|error| refused(action, error))?;
        }
        generations::switch(db, &mut tx, &switch.name).await.map_err(failed)?;
        commit(tx, action).await?;
        Ok(Switched::Yes)
    }

    async fn discard(&self, name: &str, tables: &[&'static Table]) -> Result<(), CheckpointError> {
        let (db, action) = (self.database(), Action::Discard(name));
        let mut tx = begin(db, action).await?;
        for table in tables {
            drop_table(db, &mut tx, table.next()).await.map_err(|error| refused(action, error))?;
        }
        let discarded = generations::discard(db, &mut tx, name).await;
        discarded.map_err(|failure| CheckpointError::failed(action, failure))?;
        commit(tx, action).await
    }
}

async fn begin(db: &PostgresDatabase, action: Action<'_>) -> Result<Transaction<'static, Postgres>, CheckpointError> {
    db.begin().await.map_err(|error| CheckpointError::failed(action, error.into()))
}

async fn commit(tx: Transaction<'static, Postgres>, action: Action<'_>) -> Result<(), CheckpointError> {
    tx.commit().await.map_err(|error| CheckpointError::failed(action, error.into()))
}

fn refused(action: Action<'_>, error: ReadModelError) -> CheckpointError {
    CheckpointError::Failed { action: action.to_string(), source: Box::new(error) }
}

async fn run(
    conn: &mut PgConnection,
    table: &'static Table,
    action: &'static str,
    sql: String,
) -> Result<(), ReadModelError> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await;
    done.map(drop).map_err(|error| failed(table, action, error))
}

/// Makes a table of a next generation. One that is there already is somebody else's, unless it is replaced.
async fn make(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    table: &'static Table,
    replaces: bool,
) -> Result<(), ReadModelError> {
    if replaces {
        drop_table(db, conn, table).await?;
    }
    schema::create_new(conn, db, table).await
}

async fn drop_table(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    table: &'static Table,
) -> Result<(), ReadModelError> {
    run(conn, table, "drop", statements::drop_table(db.schema(), table)).await
}

/// Keeps everybody away from the tables that are replaced. Whoever reads one for long is not waited for, because
/// everybody else would wait as well: the switch is tried again later.
async fn lock(db: &PostgresDatabase, conn: &mut PgConnection, tables: &[&'static Table]) -> Result<(), ReadModelError> {
    for &table in tables {
        if schema::exists(conn, db, table).await? {
            run(conn, table, "lock", statements::lock_table(db.schema(), table)).await?;
        }
    }
    Ok(())
}

/// Puts the table of the next generation, and its indexes, in the place of `table`.
async fn replace(db: &PostgresDatabase, conn: &mut PgConnection, table: &'static Table) -> Result<(), ReadModelError> {
    let next = table.next();
    let indexes = schema::indexes(conn, db, next).await.map_err(|error| failed(next, "look at", error))?;
    drop_table(db, conn, table).await?;
    run(conn, table, "replace", statements::take_place(db.schema(), next, table, &indexes)).await
}
