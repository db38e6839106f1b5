//! The differences between the rows that readers see and the rows that the log gives.

use serde::Serialize;

/// The rows of a table that readers see, compared with the rows that handlers make of the log.
/// [`Trials::compare`](super::Trials::compare) returns it.
///
/// ```
/// use eventsource::projection::TableComparison;
///
/// let comparison = TableComparison::new("orders");
/// assert!(comparison.is_equal());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TableComparison {
    /// The name of the table.
    pub table: String,
    /// How many rows readers see, including soft-deleted ones.
    pub rows: u64,
    /// How many rows the log gives and readers do not see.
    pub missing: u64,
    /// How many rows readers see and the log does not give.
    pub extra: u64,
    /// How many rows have other values than the log gives.
    pub different: u64,
    /// The first of these rows, by id.
    pub differences: Vec<RowDifference>,
}

impl TableComparison {
    /// Creates the comparison of a table without rows.
    #[must_use]
    pub fn new(table: impl Into<String>) -> Self {
        Self { table: table.into(), rows: 0, missing: 0, extra: 0, different: 0, differences: Vec::new() }
    }

    /// Returns whether readers see exactly the rows that the log gives.
    #[must_use]
    pub const fn is_equal(&self) -> bool {
        self.missing == 0 && self.extra == 0 && self.different == 0
    }
}

/// A row that readers see differently than the log gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RowDifference {
    /// The id of the row, as text.
    pub id: String,
    /// What is different.
    #[serde(flatten)]
    pub kind: RowDifferenceKind,
}

/// What is different in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[serde(tag = "difference", rename_all = "snake_case")]
pub enum RowDifferenceKind {
    /// The log gives it, and readers do not see it.
    Missing {},
    /// Readers see it, and the log does not give it.
    Extra {},
    /// Some of its values are different.
    Different {
        /// The columns with different values.
        columns: Vec<ColumnDifference>,
    },
}

/// A value that readers see differently than the log gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ColumnDifference {
    /// The name of the column.
    pub column: String,
    /// The value that readers see, as text.
    pub live: String,
    /// The value that the log gives, as text.
    pub rebuilt: String,
}

impl ColumnDifference {
    /// Creates it.
    #[must_use]
    pub fn new(column: impl Into<String>, live: impl Into<String>, rebuilt: impl Into<String>) -> Self {
        Self { column: column.into(), live: live.into(), rebuilt: rebuilt.into() }
    }
}

impl RowDifference {
    /// Creates it.
    #[must_use]
    pub fn new(id: impl Into<String>, kind: RowDifferenceKind) -> Self {
        Self { id: id.into(), kind }
    }
}
