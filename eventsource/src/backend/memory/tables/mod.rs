//! The committed tables in memory.

mod transaction;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

pub(super) use self::transaction::Transaction;
use crate::read_model::select::Select;
use crate::read_model::stored::Row;
use crate::read_model::tables::ReadTables;
use crate::read_model::{ReadModelError, Table, Value};

/// The committed tables, and the lock of the batch that writes.
#[derive(Debug, Default)]
pub(super) struct Shared {
    tables: Mutex<Tables>,
    pub(super) writing: Arc<tokio::sync::Mutex<()>>,
}

/// Tables by name.
pub(super) type Tables = BTreeMap<&'static str, Rows>;

/// The rows of a table, by id.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    pub(super) table: &'static Table,
    pub(super) rows: BTreeMap<Value, Row>,
}

impl Shared {
    pub(super) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the rows of `table`; `None` if it was never written.
pub(super) fn rows<'t>(
    tables: &'t Tables,
    table: &'static Table,
) -> Result<Option<&'t BTreeMap<Value, Row>>, ReadModelError> {
    let Some(found) = tables.get(table.name) else { return Ok(None) };
    if found.table == table {
        return Ok(Some(&found.rows));
    }
    let differences = vec!["another read model created it, with other columns".to_owned()];
    Err(ReadModelError::mismatch(table, differences))
}

/// Returns the rows of `table` for a reader. If the model of the reader has fewer columns, only these are returned.
fn shown<'t>(
    tables: &'t Tables,
    table: &'static Table,
) -> Result<Option<Cow<'t, BTreeMap<Value, Row>>>, ReadModelError> {
    let Some(found) = tables.get(table.name) else { return Ok(None) };
    if found.table == table {
        return Ok(Some(Cow::Borrowed(&found.rows)));
    }
    let columns = columns(found.table, table)?;
    let shown = |row: &Row| {
        let values = columns.iter().filter_map(|column| row.values.get(*column).cloned()).collect();
        Row { values, ..row.clone() }
    };
    Ok(Some(Cow::Owned(found.rows.iter().map(|(id, row)| (id.clone(), shown(row))).collect())))
}

/// Returns the indexes of the columns of `wanted` in `found`, another model of the same table.
fn columns(found: &Table, wanted: &Table) -> Result<Vec<usize>, ReadModelError> {
    let mut differences = vec!["another read model created it, with other columns".to_owned()];
    let mut columns = Vec::new();
    for column in wanted.columns {
        let name = column.name;
        match found.columns.iter().position(|found| found.name == name) {
            None => differences.push(format!("the column `{name}` {:?} is missing", column.kind)),
            Some(at) if found.columns[at].kind != column.kind => {
                differences.push(format!("the column `{name}` is {:?}, not {:?}", found.columns[at].kind, column.kind));
            }
            Some(at) if found.columns[at].nullable && !column.nullable => {
                differences.push(format!("the column `{name}` may be null, but the field is never null"));
            }
            Some(at) => columns.push(at),
        }
    }
    if found.id_column() != wanted.id_column() {
        differences.push(format!("the column `{}` is not in the primary key", wanted.id_column()));
    }
    if differences.len() > 1 { Err(ReadModelError::mismatch(wanted, differences)) } else { Ok(columns) }
}

#[async_trait]
impl ReadTables for Shared {
    async fn load(&self, table: &'static Table, ids: &[Value]) -> Result<Vec<Row>, ReadModelError> {
        let tables = self.tables();
        let rows = shown(&tables, table)?;
        Ok(rows.iter().flat_map(|rows| ids.iter().filter_map(|id| rows.get(id).cloned())).collect())
    }

    async fn select(&self, table: &'static Table, query: &Select) -> Result<Vec<Row>, ReadModelError> {
        let tables = self.tables();
        Ok(shown(&tables, table)?.map_or_else(Vec::new, |rows| query.apply(rows.values())))
    }

    async fn count(&self, table: &'static Table, query: &Select) -> Result<u64, ReadModelError> {
        let tables = self.tables();
        Ok(shown(&tables, table)?.map_or(0, |rows| query.count(rows.values())))
    }
}
