//! Trials in PostgreSQL: the tables are created in a transaction that is never committed, so no other session sees them.

use async_trait::async_trait;

use super::failure::refusal;
use super::generations::check_names;
use super::schema;
use super::tables::Tables;
use crate::backend::postgres::projection::{PostgresCheckpoints, PostgresUnit};
use crate::backend::sql::projection::rows;
use crate::backend::sql::read_model::TableRef;
use crate::backend::sql::store::Action;
use crate::projection::{
    Checkpoint, CheckpointError, CheckpointStore as _, CommitError, Table, TableComparison, TrialRows, Trials,
    UnitOfWork as _,
};
use crate::read_model::ReadModelError;
use crate::read_model::compare::{RowPages, compare};
use crate::read_model::select::Select;
use crate::read_model::stored::Row;
use crate::read_model::trial_rows::trial_rows;

#[async_trait]
impl Trials<PostgresUnit> for PostgresCheckpoints {
    async fn begin_trial(&self, tables: &[&'static Table]) -> Result<PostgresUnit, CheckpointError> {
        let action = Action::Try;
        for table in tables {
            check_names(TableRef::trial(table)).map_err(|reason| refused(action, reason))?;
        }
        let mut unit = self.unit_of_trial(tables).await?;
        {
            let lent = unit.unit().connection().and_then(|connection| connection.lend());
            let mut conn = lent.map_err(|error| refused(action, error))?;
            for table in tables {
                let created = schema::create_new(&mut conn, self.database(), TableRef::trial(table)).await;
                created.map_err(|error| refusal(action, error))?;
            }
        }
        unit.unit().begin_part().await?;
        Ok(unit)
    }

    async fn keep(&self, unit: &mut PostgresUnit) -> Result<(), CommitError> {
        let judge = self.detached();
        unit.unit().keep_part(|refused| judge.is_outage(refused)).await
    }

    async fn undo(&self, unit: &mut PostgresUnit) -> Result<(), CheckpointError> {
        unit.unit().undo_part().await
    }

    async fn look(&self, unit: &mut PostgresUnit, name: &str) -> Result<Option<Checkpoint>, CheckpointError> {
        let action = Action::Load(name);
        self.look_away(unit);
        let begun = self.database().begin_look().await;
        let mut look = begun.map_err(|error| CheckpointError::failed(action, error.into()))?;
        let found = rows::load(self.database(), &mut look, name).await;
        let found = found.map_err(|failure| CheckpointError::failed(action, failure))?;
        *unit.unit().look() = Some(look);
        Ok(found)
    }

    fn look_away(&self, unit: &mut PostgresUnit) {
        *unit.unit().look() = None;
    }

    async fn compare(
        &self,
        unit: &mut PostgresUnit,
        table: &'static Table,
        most: usize,
    ) -> Result<TableComparison, CheckpointError> {
        let action = Action::Compare;
        let lent = unit.unit().connection().and_then(|connection| connection.lend());
        let mut conn = lent.map_err(|error| refused(action, error))?;
        let look = unit.unit().look().as_mut().ok_or_else(|| refused(action, "there was no look at the live rows"))?;
        let db = self.database();
        let live = Pages { tables: Tables { conn: &mut *look, db }, table: TableRef::live(table) };
        let trial = Pages { tables: Tables { conn: &mut conn, db }, table: TableRef::trial(table) };
        compare(table, live, trial, most).await.map_err(|error| refusal(action, error))
    }

    async fn rows(
        &self,
        unit: &mut PostgresUnit,
        table: &'static Table,
        most: usize,
    ) -> Result<TrialRows, CheckpointError> {
        let action = Action::Try;
        let lent = unit.unit().connection().and_then(|connection| connection.lend());
        let mut conn = lent.map_err(|error| refused(action, error))?;
        let pages = Pages { tables: Tables { conn: &mut conn, db: self.database() }, table: TableRef::trial(table) };
        trial_rows(table, pages, most).await.map_err(|error| refusal(action, error))
    }
}

fn refused(action: Action<'_>, reason: impl ToString) -> CheckpointError {
    CheckpointError::Refused { action: action.to_string(), reason: reason.to_string().into() }
}

/// The rows of a table.
struct Pages<'c> {
    tables: Tables<'c>,
    table: TableRef,
}

impl RowPages for Pages<'_> {
    async fn page(&mut self, query: &Select) -> Result<Vec<Row>, ReadModelError> {
        self.tables.select(self.table, query).await
    }
}
