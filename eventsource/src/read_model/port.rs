//! The port to the backends of read models.

use async_trait::async_trait;

use super::select::Select;
use super::stored::Row;
use super::{ReadModelError, Table, Value};

/// Tables that can be read.
///
/// Before a backend reads a table for the first time, it checks that the table matches its model, and fails with
/// [`ReadModelError::Mismatch`] if not.
/// looks once.
#[async_trait]
pub(crate) trait ReadTables: Send + Sync {
    /// Returns the rows with these ids, in any order, including soft-deleted ones. The ids are sorted and distinct.
    async fn load(&self, table: &'static Table, ids: &[Value]) -> Result<Vec<Row>, ReadModelError>;

    /// Returns the rows that match the query, in its order.
    async fn select(&self, table: &'static Table, query: &Select) -> Result<Vec<Row>, ReadModelError>;

    /// Returns how many rows match the query.
    async fn count(&self, table: &'static Table, query: &Select) -> Result<u64, ReadModelError>;
}

/// What was known about a row before it was changed. A backend on which batches write at the same time refuses the
/// change if that is no longer true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    Unread,
    Missing,
    /// The row existed in this version.
    Version(u64),
}

/// A row to write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowChange<'r> {
    pub(crate) row: &'r Row,
    pub(crate) before: Before,
}

/// Tables that can be written, in the transaction of a batch.
///
/// Each call is one statement, or a few if the driver limits the number of bound values. Rows are sorted by id and
/// tables by name, so that two transactions take their locks in the same order.
#[async_trait]
pub(crate) trait WriteTables: ReadTables {
    /// Returns whether a float column can hold NaN.
    fn holds_nan(&self) -> bool {
        false
    }

    /// Inserts rows. If a row with the id exists, replaces its values and adds the inserted version to its version; the
    /// times of its creation and of its soft deletion stay.
    async fn merge(&self, table: &'static Table, rows: &[RowChange<'_>]) -> Result<(), ReadModelError>;

    /// Replaces existing rows, with everything in them.
    async fn update(&self, table: &'static Table, rows: &[RowChange<'_>]) -> Result<(), ReadModelError>;

    /// Deletes the rows with these ids, if they exist.
    async fn delete(&self, table: &'static Table, ids: &[&Value]) -> Result<(), ReadModelError>;

    /// Deletes all rows.
    async fn truncate(&self, table: &'static Table) -> Result<(), ReadModelError>;

    /// Makes the written rows visible to readers, if no database does that.
    fn publish(&self) {}

    /// Releases what the transaction holds, if no database does that.
    fn close(&self) {}
}
