//! A transaction over tables in memory. Its changes are kept apart until it commits.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::OwnedMutexGuard;

use super::{Rows, Shared, Tables};
use crate::read_model::select::Select;
use crate::read_model::stored::Row;
use crate::read_model::tables::{Before, ReadTables, RowChange, WriteTables};
use crate::read_model::{ReadModelError, Table, Value};

/// A transaction. Dropping it undoes it.
pub(in crate::backend::memory) struct Transaction {
    shared: Arc<Shared>,
    changes: Mutex<Changes>,
}

#[derive(Default)]
struct Changes {
    tables: BTreeMap<&'static str, Changed>,
    /// `None` after it has ended.
    turn: Option<OwnedMutexGuard<()>>,
}

/// The changes to a table.
struct Changed {
    table: &'static Table,
    emptied: bool,
    /// `None` for a deleted row.
    rows: BTreeMap<Value, Option<Row>>,
}

impl Transaction {
    /// Begins after all other transactions have ended.
    pub(in crate::backend::memory) async fn begin(shared: Arc<Shared>) -> Self {
        let turn = Some(Arc::clone(&shared.writing).lock_owned().await);
        Self { shared, changes: Mutex::new(Changes { tables: BTreeMap::new(), turn }) }
    }

    fn open(&self) -> Result<MutexGuard<'_, Changes>, ReadModelError> {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        match changes.turn {
            Some(_) => Ok(changes),
            None => Err(ReadModelError::not_lent("the batch has ended, so the repository cannot be used any more")),
        }
    }

    /// Changes `table`, whose model must be the one of the existing table.
    fn change(&self, table: &'static Table, change: impl FnOnce(&mut Changed)) -> Result<(), ReadModelError> {
        let tables = self.shared.tables();
        let mut changes = self.open()?;
        committed(&tables, table, &changes)?;
        let changed = || Changed { table, emptied: false, rows: BTreeMap::new() };
        change(changes.tables.entry(table.name).or_insert_with(changed));
        Ok(())
    }

    /// Calls `look` with the rows as the transaction sees them.
    fn look<T>(
        &self,
        table: &'static Table,
        look: impl FnOnce(&mut dyn Iterator<Item = &Row>) -> T,
    ) -> Result<T, ReadModelError> {
        let tables = self.shared.tables();
        let changes = self.open()?;
        let committed = committed(&tables, table, &changes)?;
        let Some(changed) = changes.tables.get(table.name) else {
            return Ok(look(&mut committed.into_iter().flat_map(BTreeMap::values)));
        };
        let beneath = committed.into_iter().flatten();
        let beneath = beneath.filter(|(id, _)| !changed.rows.contains_key(id)).map(|(_, row)| row);
        Ok(look(&mut beneath.chain(changed.rows.values().flatten())))
    }
}

/// Returns the committed rows below the changes; `None` if the transaction has emptied the table.
fn committed<'t>(
    tables: &'t Tables,
    table: &'static Table,
    changes: &Changes,
) -> Result<Option<&'t BTreeMap<Value, Row>>, ReadModelError> {
    match changes.tables.get(table.name) {
        Some(changed) if changed.emptied => Ok(None),
        _ => super::rows(tables, table),
    }
}

#[async_trait]
impl ReadTables for Transaction {
    async fn load(&self, table: &'static Table, ids: &[Value]) -> Result<Vec<Row>, ReadModelError> {
        let tables = self.shared.tables();
        let changes = self.open()?;
        let committed = committed(&tables, table, &changes)?;
        let changed = changes.tables.get(table.name);
        let row = |id| match changed.and_then(|changed| changed.rows.get(id)) {
            Some(row) => row.clone(),
            None => committed.and_then(|rows| rows.get(id)).cloned(),
        };
        Ok(ids.iter().filter_map(row).collect())
    }

    async fn select(&self, table: &'static Table, query: &Select) -> Result<Vec<Row>, ReadModelError> {
        self.look(table, |rows| query.apply(rows))
    }

    async fn count(&self, table: &'static Table, query: &Select) -> Result<u64, ReadModelError> {
        self.look(table, |rows| query.count(rows))
    }
}

#[async_trait]
impl WriteTables for Transaction {
    async fn merge(&self, table: &'static Table, rows: &[RowChange<'_>]) -> Result<(), ReadModelError> {
        let ids: Vec<_> = rows.iter().map(|change| change.row.id(table)).collect();
        // One batch writes at a time, so a row that the batch found missing is still missing.
        let may_exist = rows.iter().zip(&ids).filter(|(change, _)| change.before != Before::Missing);
        let may_exist: Vec<_> = may_exist.map(|(_, id)| id.clone()).collect();
        let found = self.load(table, &may_exist).await?;
        let mut found: BTreeMap<_, _> = found.into_iter().map(|row| (row.id(table), row)).collect();
        self.change(table, |changed| {
            for (id, &RowChange { row, .. }) in ids.into_iter().zip(rows) {
                let row = row.clone().onto(found.remove(&id));
                changed.rows.insert(id, Some(row));
            }
        })
    }

    async fn update(&self, table: &'static Table, rows: &[RowChange<'_>]) -> Result<(), ReadModelError> {
        self.change(table, |changed| {
            changed.rows.extend(rows.iter().map(|change| (change.row.id(table), Some(change.row.clone()))));
        })
    }

    async fn delete(&self, table: &'static Table, ids: &[&Value]) -> Result<(), ReadModelError> {
        self.change(table, |changed| changed.rows.extend(ids.iter().map(|&id| (id.clone(), None))))
    }

    /// A table of another model, such as the one before a rebuild, becomes this model's.
    async fn truncate(&self, table: &'static Table) -> Result<(), ReadModelError> {
        self.open()?.tables.insert(table.name, Changed { table, emptied: true, rows: BTreeMap::new() });
        Ok(())
    }

    fn publish(&self) {
        let mut tables = self.shared.tables();
        let Ok(mut changes) = self.open() else { return };
        for (name, changed) in std::mem::take(&mut changes.tables) {
            publish(&mut tables, name, changed);
        }
        changes.turn = None;
    }

    fn close(&self) {
        if let Ok(mut changes) = self.open() {
            changes.turn = None;
        }
    }
}

fn publish(tables: &mut Tables, name: &'static str, changed: Changed) {
    let Changed { table, emptied, rows: changes } = changed;
    if emptied {
        tables.remove(name);
    }
    let rows = &mut tables.entry(name).or_insert_with(|| Rows { table, rows: BTreeMap::new() }).rows;
    for (id, row) in changes {
        match row {
            Some(row) => drop(rows.insert(id, row)),
            None => drop(rows.remove(&id)),
        }
    }
}
