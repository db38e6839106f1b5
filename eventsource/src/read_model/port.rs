//! What a backend does for read models.

use async_trait::async_trait;

use super::select::Select;
use super::stored::Row;
use super::{ReadModelError, Table, Value};

/// Tables that can be read.
///
/// A backend refuses a table that does not match its model before it reads it ([`ReadModelError::Mismatch`]), and
/// looks once.
#[async_trait]
pub(crate) trait ReadTables: Send + Sync {
    /// The rows with these ids, in any order, soft-deleted or not. The ids are sorted and distinct.
    async fn load(&self, table: &'static Table, ids: &[Value]) -> Result<Vec<Row>, ReadModelError>;

    /// The rows that are wanted, in their order.
    async fn select(&self, table: &'static Table, query: &Select) -> Result<Vec<Row>, ReadModelError>;

    /// How many rows are wanted.
    async fn count(&self, table: &'static Table, query: &Select) -> Result<u64, ReadModelError>;
}

/// What was known of a row before it was changed. A backend on which batches write at the same time refuses a change of
/// what is otherwise by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    Unread,
    Missing,
    /// It was there in this version.
    Version(u64),
}

/// A row that is to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowChange<'r> {
    pub(crate) row: &'r Row,
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "batches write one after another"))]
    pub(crate) before: Before,
}

/// Tables that can be written, in the transaction of a batch.
///
/// Each call is one statement, or a few where the driver binds no more values to one. Rows come sorted by their ids,
/// and tables by their names, so that two transactions take their locks in one order.
#[async_trait]
pub(crate) trait WriteTables: ReadTables {
    /// Whether a float can be no number.
    fn holds_nan(&self) -> bool {
        false
    }

    /// Inserts rows. Where there is one with the id already, its values are replaced and the version is raised by the
    /// inserted one's; the time of its making and of its soft deletion stay.
    async fn merge(&self, table: &'static Table, rows: &[RowChange<'_>]) -> Result<(), ReadModelError>;

    /// Replaces rows that are there by their ids, with everything in them.
    async fn update(&self, table: &'static Table, rows: &[RowChange<'_>]) -> Result<(), ReadModelError>;

    /// Deletes the rows with these ids, where there are any.
    async fn delete(&self, table: &'static Table, ids: &[&Value]) -> Result<(), ReadModelError>;

    /// Deletes all rows.
    async fn truncate(&self, table: &'static Table) -> Result<(), ReadModelError>;

    /// Shows everybody what was written, where no database does it.
    fn publish(&self) {}

    /// Lets go of what the transaction holds, where no database does it.
    fn close(&self) {}
}
