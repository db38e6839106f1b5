//! Trials in memory: on checkpoints of their own, which no reader has.

use std::sync::Arc;

use async_trait::async_trait;

use super::{MemoryCheckpoints, MemoryUnit};
use crate::backend::memory::tables::{Tables, rows};
use crate::event::SliceRange;
use crate::projection::{
    Checkpoint, CheckpointError, CheckpointStore as _, CommitError, Table, TableComparison, TrialRows, Trials,
};
use crate::read_model::ReadModelError;
use crate::read_model::compare::{RowPages, compare};
use crate::read_model::scope::RepositoryScope;
use crate::read_model::select::Select;
use crate::read_model::stored::Row;
use crate::read_model::trial_rows::trial_rows;

#[async_trait]
impl Trials<MemoryUnit> for MemoryCheckpoints {
    async fn begin_trial(&self, _: &[&'static Table]) -> Result<MemoryUnit, CheckpointError> {
        Ok(Self::new().detached())
    }

    async fn keep(&self, unit: &mut MemoryUnit) -> Result<(), CommitError> {
        unit.scope.flush().await?;
        unit.publish();
        unit.scope = RepositoryScope::default();
        Ok(())
    }

    async fn undo(&self, unit: &mut MemoryUnit) -> Result<(), CheckpointError> {
        unit.scope = RepositoryScope::default();
        Ok(())
    }

    async fn look(&self, unit: &mut MemoryUnit, name: &str) -> Result<Option<Checkpoint>, CheckpointError> {
        // A commit moves the checkpoint and publishes its rows under this lock.
        let subscriptions = self.subscriptions();
        let found = subscriptions.get(name).and_then(|stored| stored.checkpoint(SliceRange::ALL).cloned());
        unit.look = Some(self.tables.tables().clone());
        Ok(found)
    }

    fn look_away(&self, unit: &mut MemoryUnit) {
        unit.look = None;
    }

    async fn compare(
        &self,
        unit: &mut MemoryUnit,
        table: &'static Table,
        most: usize,
    ) -> Result<TableComparison, CheckpointError> {
        let refused =
            |reason: Arc<str>| CheckpointError::Refused { action: "compare the rows of read models".into(), reason };
        let Some(live) = unit.look.clone() else { return Err(refused("there was no look at the live rows".into())) };
        let rebuilt = unit.checkpoints.tables.tables().clone();
        let compared = compare(table, Pages(live, table), Pages(rebuilt, table), most).await;
        compared.map_err(|error| refused(error.to_string().into()))
    }

    async fn rows(
        &self,
        unit: &mut MemoryUnit,
        table: &'static Table,
        most: usize,
    ) -> Result<TrialRows, CheckpointError> {
        let tables = unit.checkpoints.tables.tables().clone();
        trial_rows(table, Pages(tables, table), most).await.map_err(|error| CheckpointError::Refused {
            action: "read the rows of a trial".into(),
            reason: error.to_string().into(),
        })
    }
}

/// The rows of a table.
struct Pages(Tables, &'static Table);

impl RowPages for Pages {
    async fn page(&mut self, query: &Select) -> Result<Vec<Row>, ReadModelError> {
        Ok(rows(&self.0, self.1)?.map_or_else(Vec::new, |rows| query.apply(rows.values())))
    }
}
