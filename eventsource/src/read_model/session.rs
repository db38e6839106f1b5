//! The identity map of a batch: a row is read once, changed in memory, and written with all others at the end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::entry::Entry;
use super::map::{Changes, IdentityMap, Map};
use super::select::Select;
use super::stored::Row;
use super::tables::{ReadTables, WriteTables};
use super::{ColumnDef, InvalidField, InvalidValue, ReadModelError, Table, Value};
use crate::projection::ChangesRefused;

/// The identity map of a batch, over the tables of its transaction.
pub(crate) struct RepositorySession {
    tables: Box<dyn WriteTables>,
    state: tokio::sync::Mutex<IdentityMap>,
    /// The aggregates of the batch's events. When the id of one of them is read, all are read.
    aggregates: Mutex<Arc<[Uuid]>>,
    closed: AtomicBool,
}

impl RepositorySession {
    pub(crate) fn new(tables: Box<dyn WriteTables>) -> Self {
        Self {
            tables,
            state: tokio::sync::Mutex::default(),
            aggregates: Mutex::default(),
            closed: AtomicBool::new(false),
        }
    }

    /// Returns what the batch knows and has changed, until it ends.
    async fn state(&self) -> Result<tokio::sync::MutexGuard<'_, IdentityMap>, ReadModelError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(ReadModelError::not_lent("the batch has ended, so the repository cannot be used any more"));
        }
        Ok(self.state.lock().await)
    }

    /// Sets the aggregates of the batch's events.
    pub(crate) fn set_aggregates(&self, aggregates: &Arc<[Uuid]>) {
        *self.aggregates() = Arc::clone(aggregates);
    }

    fn aggregates(&self) -> MutexGuard<'_, Arc<[Uuid]>> {
        self.aggregates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what is in the table under `ids`, in one statement at most.
    async fn know<'s>(
        &self,
        state: &'s mut IdentityMap,
        table: &'static Table,
        ids: &[Value],
    ) -> Result<&'s mut Map, ReadModelError> {
        let map = state.map(table)?;
        let mut missing: Vec<Value> = ids.iter().filter(|id| !map.knows(id)).cloned().collect();
        if !missing.is_empty() {
            let aggregates = Arc::clone(&*self.aggregates());
            let announced = |id: &Value| matches!(id, Value::Uuid(id) if aggregates.binary_search(id).is_ok());
            let asked = missing.len();
            missing.retain(|id| !announced(id));
            let is_sorted = missing.is_empty();
            if missing.len() < asked {
                missing.extend(aggregates.iter().map(|id| Value::Uuid(*id)).filter(|id| !map.knows(id)));
            }
            if !is_sorted {
                missing.sort_unstable();
                missing.dedup();
            }
            let found = self.tables.load(table, &missing).await?;
            map.entries.reserve(missing.len());
            for row in found {
                map.change(row.id(table), |before| Entry::read(before, Some(row)));
            }
            // The other ids have no row.
            for id in missing {
                map.change(id, |before| Entry::read(before, None));
            }
        }
        Ok(map)
    }

    /// Fails for a value that this backend cannot store.
    pub(crate) fn check(&self, table: &'static Table, values: &[Value]) -> Result<(), ReadModelError> {
        let holds_nan = self.tables.holds_nan();
        let check = |value: &Value, column: &ColumnDef| match value {
            Value::Float(number) if number.is_nan() && !holds_nan => {
                Err(InvalidField::new(column.field, InvalidValue::new("NaN cannot be stored: it is not a number")))
            }
            Value::Null if !column.nullable => Err(InvalidField::new(
                column.field,
                InvalidValue::new("null cannot be stored: the column is never null"),
            )),
            value => column.check_kind(value),
        };
        let checked = values.iter().zip(table.columns).enumerate().try_for_each(|(index, (value, column))| {
            check(value, column)?;
            if index == table.id || column.indexed { column.check_indexed(value) } else { Ok(()) }
        });
        checked.map_err(|field| {
            let id = values.get(table.id).map(Value::to_string);
            ReadModelError::InvalidValue { table: table.name, id, field }
        })
    }

    /// Saves `values`. Fails if `expected` is given and the row has another version.
    pub(crate) async fn save(
        &self,
        table: &'static Table,
        values: Vec<Value>,
        time: DateTime<Utc>,
        expected: Option<u64>,
    ) -> Result<(), ReadModelError> {
        let id = values.get(table.id).cloned().unwrap_or(Value::Null);
        let mut state = self.state().await?;
        if let Some(expected) = expected {
            let map = self.know(&mut state, table, std::slice::from_ref(&id)).await?;
            let found = map.row(&id).map_or(0, |row| row.version);
            if found != expected {
                let id = id.to_string();
                return Err(ReadModelError::VersionConflict { table: table.name, id, expected, found });
            }
        }
        state.map(table)?.change(id, |before| Entry::saved(before, values, time));
        Ok(())
    }

    pub(crate) async fn delete(&self, table: &'static Table, id: Value) -> Result<(), ReadModelError> {
        self.state().await?.map(table)?.change(id, Entry::deleted);
        Ok(())
    }

    /// Soft-deletes the row, or restores it. Returns whether that changed it.
    pub(crate) async fn mark(
        &self,
        table: &'static Table,
        id: Value,
        deleted: bool,
        time: DateTime<Utc>,
    ) -> Result<bool, ReadModelError> {
        let mut state = self.state().await?;
        let map = self.know(&mut state, table, std::slice::from_ref(&id)).await?;
        let changes = map.row(&id).is_some_and(|row| row.deleted_at.is_some() != deleted);
        if changes {
            let mark = deleted.then_some(time);
            map.change(id, |before| before.map_or(Entry::Gone, |entry| entry.marked(mark, time)));
        }
        Ok(changes)
    }

    pub(crate) async fn truncate(&self, table: &'static Table) -> Result<(), ReadModelError> {
        let mut state = self.state().await?;
        state.map(table)?;
        self.tables.truncate(table).await?;
        state.map(table)?.entries.clear();
        Ok(())
    }

    /// Writes all changes: table by table in the order of their names; in each first the deletions, then new rows, then
    /// changed rows.
    async fn write(&self, state: &mut IdentityMap) -> Result<(), ChangesRefused> {
        if let Some(refused) = &state.refused {
            return Err(refused.clone());
        }
        if std::mem::replace(&mut state.writing, true) {
            let reason =
                "a handler cancelled an operation while rows were being written: it is unknown which were written";
            return Err(ChangesRefused::new(ReadModelError::not_lent(reason)));
        }
        for map in state.maps.values_mut() {
            if let Err(error) = self.write_map(map).await {
                let refused = ChangesRefused::new(error);
                state.refused = Some(refused.clone());
                return Err(refused);
            }
        }
        state.writing = false;
        Ok(())
    }

    async fn write_map(&self, map: &mut Map) -> Result<(), ReadModelError> {
        let Changes { delete, merge, update } = map.changes();
        if delete.is_empty() && merge.is_empty() && update.is_empty() {
            return Ok(());
        }
        if !delete.is_empty() {
            self.tables.delete(map.table, &delete).await?;
        }
        if !merge.is_empty() {
            self.tables.merge(map.table, &merge).await?;
        }
        if !update.is_empty() {
            self.tables.update(map.table, &update).await?;
        }
        map.written();
        Ok(())
    }

    /// Writes all changes into the transaction of the batch.
    pub(crate) async fn flush(&self) -> Result<(), ChangesRefused> {
        let mut state = self.state.lock().await;
        self.write(&mut state).await
    }

    /// As [`flush`](Self::flush), and forgets what was read: a handler that gets the connection may change it.
    #[cfg(feature = "_sql")]
    pub(crate) async fn hand_over(&self) -> Result<(), ChangesRefused> {
        let mut state = self.state.lock().await;
        self.write(&mut state).await?;
        state.maps.clear();
        Ok(())
    }

    /// Makes the written changes visible to readers, if no database does that.
    pub(crate) fn publish(&self) {
        self.tables.publish();
    }

    /// Ends the access: the unit of work has ended.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.tables.close();
    }
}

#[async_trait]
impl ReadTables for RepositorySession {
    async fn load(&self, table: &'static Table, ids: &[Value]) -> Result<Vec<Row>, ReadModelError> {
        let mut state = self.state().await?;
        let map = self.know(&mut state, table, ids).await?;
        Ok(ids.iter().filter_map(|id| map.row(id).cloned()).collect())
    }

    async fn select(&self, table: &'static Table, query: &Select) -> Result<Vec<Row>, ReadModelError> {
        let mut state = self.state().await?;
        self.write(&mut state).await.map_err(ReadModelError::Refused)?;
        let rows = self.tables.select(table, query).await?;
        let map = state.map(table)?;
        for row in &rows {
            map.entries.entry(row.id(table)).or_insert_with(|| Entry::Clean(Some(row.clone())));
        }
        Ok(rows)
    }

    async fn count(&self, table: &'static Table, query: &Select) -> Result<u64, ReadModelError> {
        let mut state = self.state().await?;
        self.write(&mut state).await.map_err(ReadModelError::Refused)?;
        self.tables.count(table, query).await
    }
}
