//! Trials on SQLite: in a temporary database of their own. A transaction in the file would keep all its writers waiting.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::failure::refusal;
use super::{schema, tables};
use crate::backend::sql::projection::rows;
use crate::backend::sql::read_model::TableRef;
use crate::backend::sql::store::Action;
use crate::backend::sqlite::projection::{SqliteCheckpoints, SqliteUnit};
use crate::backend::sqlite::store::{SqliteDatabase, SqliteOptions};
use crate::projection::{
    Checkpoint, CheckpointError, CheckpointStore as _, CommitError, Table, TableComparison, TrialRows, Trials,
    UnitOfWork as _,
};
use crate::read_model::ReadModelError;
use crate::read_model::compare::{RowPages, compare};
use crate::read_model::select::Select;
use crate::read_model::stored::Row;
use crate::read_model::trial_rows::trial_rows;

/// The path of a temporary database: SQLite keeps it in memory, and in a file that has no name if it is large.
const TEMPORARY: &str = "";

#[async_trait]
impl Trials<SqliteUnit> for SqliteCheckpoints {
    async fn begin_trial(&self, tables: &[&'static Table]) -> Result<SqliteUnit, CheckpointError> {
        let action = Action::Try;
        let opened = SqliteDatabase::open_with(SqliteOptions::new(TEMPORARY).connections(1)).await;
        let db =
            opened.map_err(|error| CheckpointError::Failed { action: action.to_string(), source: Box::new(error) })?;
        let mut unit = Self::new(&db).unit_of_trial(tables).await?;
        {
            let lent = unit.unit().connection().and_then(|connection| connection.lend());
            let mut conn = lent.map_err(|error| refused(action, error))?;
            for table in tables {
                let created = schema::create_new(&mut conn, TableRef::trial(table)).await;
                created.map_err(|error| refusal(action, error))?;
            }
        }
        unit.unit().begin_part().await?;
        Ok(unit)
    }

    async fn keep(&self, unit: &mut SqliteUnit) -> Result<(), CommitError> {
        let judge = self.detached();
        unit.unit().keep_part(|refused| judge.is_outage(refused)).await
    }

    async fn undo(&self, unit: &mut SqliteUnit) -> Result<(), CheckpointError> {
        unit.unit().undo_part().await
    }

    async fn look(&self, unit: &mut SqliteUnit, name: &str) -> Result<Option<Checkpoint>, CheckpointError> {
        let action = Action::Load(name);
        self.look_away(unit);
        self.database().check_read(action).map_err(|error| CheckpointError::of(action, error))?;
        let begun = self.database().pool().begin().await;
        let mut look = begun.map_err(|error| CheckpointError::failed(action, error.into()))?;
        let found = rows::load(self.database(), &mut look, name).await;
        let found = found.map_err(|failure| CheckpointError::failed(action, failure))?;
        *unit.unit().look() = Some(look);
        Ok(found)
    }

    fn look_away(&self, unit: &mut SqliteUnit) {
        *unit.unit().look() = None;
    }

    async fn compare(
        &self,
        unit: &mut SqliteUnit,
        table: &'static Table,
        most: usize,
    ) -> Result<TableComparison, CheckpointError> {
        let action = Action::Compare;
        let lent = unit.unit().connection().and_then(|connection| connection.lend());
        let mut conn = lent.map_err(|error| refused(action, error))?;
        let look = unit.unit().look().as_mut().ok_or_else(|| refused(action, "there was no look at the live rows"))?;
        let live = Pages { conn: &mut *look, table: TableRef::live(table) };
        let trial = Pages { conn: &mut conn, table: TableRef::trial(table) };
        compare(table, live, trial, most).await.map_err(|error| refusal(action, error))
    }

    async fn rows(
        &self,
        unit: &mut SqliteUnit,
        table: &'static Table,
        most: usize,
    ) -> Result<TrialRows, CheckpointError> {
        let action = Action::Try;
        let lent = unit.unit().connection().and_then(|connection| connection.lend());
        let mut conn = lent.map_err(|error| refused(action, error))?;
        let pages = Pages { conn: &mut conn, table: TableRef::trial(table) };
        trial_rows(table, pages, most).await.map_err(|error| refusal(action, error))
    }
}

fn refused(action: Action<'_>, reason: impl ToString) -> CheckpointError {
    CheckpointError::Refused { action: action.to_string(), reason: reason.to_string().into() }
}

/// The rows of a table.
struct Pages<'c> {
    conn: &'c mut SqliteConnection,
    table: TableRef,
}

impl RowPages for Pages<'_> {
    async fn page(&mut self, query: &Select) -> Result<Vec<Row>, ReadModelError> {
        tables::select(self.conn, self.table, query).await
    }
}
