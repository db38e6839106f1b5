//! Tables in memory, as they are committed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::read_model::port::ReadTables;
use crate::read_model::select::Select;
use crate::read_model::stored::Row;
use crate::read_model::{ReadModelError, Table, Value};

/// The committed tables, and whose turn it is to write.
#[derive(Debug, Default)]
pub(super) struct Shared {
    tables: Mutex<Tables>,
    pub(super) writing: Arc<tokio::sync::Mutex<()>>,
}

/// Tables by their names.
pub(super) type Tables = BTreeMap<&'static str, Rows>;

/// The rows of a table, by their ids.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) table: &'static Table,
    pub(super) rows: BTreeMap<Value, Row>,
}

impl Shared {
    pub(super) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rows of `table`, none where nobody has written any.
pub(super) fn rows<'t>(
    tables: &'t Tables,
    table: &'static Table,
) -> Result<Option<&'t BTreeMap<Value, Row>>, ReadModelError> {
    let Some(found) = tables.get(table.name) else { return Ok(None) };
    if found.table == table {
        return Ok(Some(&found.rows));
    }
    let differences = vec!["another read model has made it, with other columns".to_owned()];
    Err(ReadModelError::Mismatch { table: table.name, differences })
}

/// Those of `rows` that are wanted.
pub(super) fn select<'r>(rows: impl Iterator<Item = &'r Row>, query: &Select) -> Vec<Row> {
    let mut wanted: Vec<_> = rows.filter(|row| query.condition.holds(row)).collect();
    wanted.sort_by(|a, b| query.compare(a, b));
    let at_most = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
    let limit = query.limit.map_or(usize::MAX, at_most);
    wanted.into_iter().skip(at_most(query.offset)).take(limit).cloned().collect()
}

/// How many of `rows` are wanted.
pub(super) fn count<'r>(rows: impl Iterator<Item = &'r Row>, query: &Select) -> u64 {
    rows.filter(|row| query.condition.holds(row)).count() as u64
}

#[async_trait]
impl ReadTables for Shared {
    async fn load(&self, table: &'static Table, ids: &[Value]) -> Result<Vec<Row>, ReadModelError> {
        let tables = self.tables();
        let rows = rows(&tables, table)?;
        Ok(rows.into_iter().flat_map(|rows| ids.iter().filter_map(|id| rows.get(id).cloned())).collect())
    }

    async fn select(&self, table: &'static Table, query: &Select) -> Result<Vec<Row>, ReadModelError> {
        let tables = self.tables();
        Ok(rows(&tables, table)?.map_or_else(Vec::new, |rows| select(rows.values(), query)))
    }

    async fn count(&self, table: &'static Table, query: &Select) -> Result<u64, ReadModelError> {
        let tables = self.tables();
        Ok(rows(&tables, table)?.map_or(0, |rows| count(rows.values(), query)))
    }
}
