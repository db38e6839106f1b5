//! The tables of read models, as a backend implements them.

use async_trait::async_trait;

use super::select::Select;
use super::stored::Row;
use super::{ReadModelError, Table, Value};

/// Tables that can be read.
///
/// A table is created before it is used, or by its first use: each backend decides. Before a backend reads a table for
/// the first time, it checks that the table matches its model, and fails with [`ReadModelError::Mismatch`] if not.
///
/// # Examples
/// ```
/// use async_trait::async_trait;
/// use eventsource::read_model::port::{ReadTables, Row, Select};
/// use eventsource::read_model::{ReadModelError, Table, Value};
///
/// /// Tables that contain these rows.
/// struct Rows(Vec<Row>);
///
/// #[async_trait]
/// impl ReadTables for Rows {
///     async fn load(&self, table: &'static Table, ids: &[Value]) -> Result<Vec<Row>, ReadModelError> {
///         Ok(self.0.iter().filter(|row| ids.contains(&row.id(table))).cloned().collect())
///     }
///
///     async fn select(&self, _: &'static Table, query: &Select) -> Result<Vec<Row>, ReadModelError> {
///         Ok(query.apply(&self.0))
///     }
///
///     async fn count(&self, _: &'static Table, query: &Select) -> Result<u64, ReadModelError> {
///         Ok(query.count(&self.0))
///     }
/// }
/// ```
#[async_trait]
pub trait ReadTables: Send + Sync {
    /// Returns the rows with these ids, in any order, including soft-deleted ones. The ids are sorted and distinct.
    ///
    /// # Errors
    /// [`ReadModelError::Mismatch`] if the table does not match its model, [`ReadModelError::Failed`] if the database
    /// fails, and [`ReadModelError::Corrupt`] for a row that cannot be read.
    async fn load(&self, table: &'static Table, ids: &[Value]) -> Result<Vec<Row>, ReadModelError>;

    /// Returns the rows that match the query, in its order. [`Select::apply`] does that for rows in memory.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    async fn select(&self, table: &'static Table, query: &Select) -> Result<Vec<Row>, ReadModelError>;

    /// Returns how many rows match the query, whatever its limit and offset are.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    async fn count(&self, table: &'static Table, query: &Select) -> Result<u64, ReadModelError>;
}

/// What was known about a row before it was changed. A backend on which batches write at the same time refuses the
/// change if that is no longer true.
///
/// ```
/// use eventsource::read_model::port::Before;
///
/// let is_unchanged = |before: Before, version: Option<u64>| match before {
///     Before::Unread => true,
///     Before::Missing => version.is_none(),
///     Before::Version(read) => version == Some(read),
/// };
/// assert!(!is_unchanged(Before::Version(3), Some(4)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// The row was not read.
    Unread,
    /// The row was read, and did not exist.
    Missing,
    /// The row existed in this version.
    Version(u64),
}

/// A row to write.
///
/// ```
/// use eventsource::read_model::Value;
/// use eventsource::read_model::port::RowChange;
///
/// fn values<'r>(change: &RowChange<'r>) -> &'r [Value] {
///     &change.row.values
/// }
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RowChange<'r> {
    /// The row, as it is to be stored.
    pub row: &'r Row,
    /// What was known about the row before.
    pub before: Before,
}

/// Tables that can be written, in the transaction of a batch.
///
/// A call gets all changed rows of a table at once, so that it can be one statement. The rows are sorted by id and the
/// tables by name, so that two transactions take their locks in the same order. What is read sees what was written
/// before in the same transaction. Nothing is visible to other readers before the unit of work commits.
///
/// # Examples
/// ```
/// use std::collections::BTreeMap;
///
/// use eventsource::read_model::port::{Row, RowChange};
/// use eventsource::read_model::{Table, Value};
///
/// /// What `merge` does, on rows in memory.
/// fn merge(rows: &mut BTreeMap<Value, Row>, table: &'static Table, changes: &[RowChange<'_>]) {
///     for change in changes {
///         let id = change.row.id(table);
///         let row = change.row.clone().onto(rows.remove(&id));
///         rows.insert(id, row);
///     }
/// }
/// ```
#[async_trait]
pub trait WriteTables: ReadTables {
    /// Returns whether a float column can hold NaN. The default is `false`: a row with NaN is refused before a call.
    fn holds_nan(&self) -> bool {
        false
    }

    /// Inserts rows. If a row with the id exists, replaces its values and adds the inserted version to its version; the
    /// times of its creation and of its soft deletion stay ([`Row::onto`]).
    ///
    /// # Errors
    /// Those of [`ReadTables::load`], and [`ReadModelError::Constraint`] if the database refuses a row.
    async fn merge(&self, table: &'static Table, rows: &[RowChange<'_>]) -> Result<(), ReadModelError>;

    /// Replaces existing rows, with everything in them.
    ///
    /// # Errors
    /// Those of [`merge`](Self::merge).
    async fn update(&self, table: &'static Table, rows: &[RowChange<'_>]) -> Result<(), ReadModelError>;

    /// Deletes the rows with these ids, if they exist.
    ///
    /// # Errors
    /// Those of [`merge`](Self::merge).
    async fn delete(&self, table: &'static Table, ids: &[&Value]) -> Result<(), ReadModelError>;

    /// Deletes all rows. A table of another shape, which an older version of the projection wrote, gets the shape of this
    /// model if the backend creates tables by their first use.
    ///
    /// # Errors
    /// Those of [`merge`](Self::merge).
    async fn truncate(&self, table: &'static Table) -> Result<(), ReadModelError>;

    /// Makes the written rows visible to readers, if no database does that. The default does nothing.
    fn publish(&self) {}

    /// Releases what the transaction holds, if no database does that. The default does nothing.
    fn close(&self) {}
}
